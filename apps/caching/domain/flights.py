"""Identical requests under way at the same time share one call.

The first one makes it and the others wait for its answer. When the first one leaves, the next makes the call; when the
call fails or its answer is not for sharing, each makes its own.
"""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """The calls of one process and event loop, by what makes requests identical."""

    def __init__(self) -> None:
        self._open: dict[Hashable, asyncio.Future[T | None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def join(self, key: Hashable) -> "Flight[T] | T | None":
        """The answer of an identical call; a flight for who has to make it; None for who makes one of their own."""
        while (under_way := self._open.get(key)) is not None:
            await asyncio.wait((under_way,))
            if not under_way.cancelled():
                return under_way.result()
        flight = self._open[key] = asyncio.get_running_loop().create_future()
        return Flight(self._open, key, flight)


class Flight(Generic[T]):
    """Who holds it makes the call. A context manager: leaving without an answer lets the next one make it."""

    __slots__ = ("_answer", "_key", "_open")

    def __init__(
        self, opened: "dict[Hashable, asyncio.Future[T | None]]", key: Hashable, answer: "asyncio.Future[T | None]"
    ) -> None:
        self._open, self._key, self._answer = opened, key, answer

    def land(self, answer: T | None) -> None:
        """Give the answer to all who wait; None sends them on their own way. Only the first time counts."""
        if self._open.get(self._key) is self._answer:
            del self._open[self._key]
            self._answer.set_result(answer)

    def __enter__(self) -> "Flight[T]":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, Exception):
            self.land(None)
        elif self._open.get(self._key) is self._answer:
            del self._open[self._key]
            self._answer.cancel()
