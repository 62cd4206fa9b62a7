"""Identical requests under way at the same time share one call.

A flight is a running call and the requests that wait for it. The call runs in a task of its own, so that it outlives
the request that began it as long as somebody still wants its answer; one of the waiting requests is always its leader,
which is the one that pays. When a call fails, the one who made it is told, and the next in line makes its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

# Bytes that are kept of an answer for those who come late; beyond them nobody is let in any more.
REPLAY_BYTES = 1024 * 1024
# How far the fastest reader may lag behind the call before the call has to wait for it.
WINDOW_BYTES = 256 * 1024
# A provider that is down is not asked once per waiting request.
MOST_ATTEMPTS = 3


class CallCancelled(Exception):
    """The call was ended from outside, as at a shutdown, while this request waited for it."""


class FellBehind(Exception):
    """This reader was so slow that pieces it had not read are gone."""


class Publisher(Protocol):
    """What a call is given to publish its answer as it comes."""

    async def publish(self, piece: bytes) -> None:
        """Add a piece of a stream; waits while even the fastest reader is far behind."""
        ...


Call = Callable[[Publisher], Awaitable[T]]


class Flights(Generic[T]):
    """The flights of one process and event loop, by what makes requests identical."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def join(self, key: Hashable, call: Call[T]) -> "Seat[T]":
        """A seat in the flight under `key`, which begins with this one if there is none.

        `call` gets the publisher and returns the whole answer; it runs only while this seat leads. Use the seat as
        a context manager: leaving it is what ends a call that nobody waits for.
        """
        flight = self._open.get(key)
        if flight is None:
            flight = self._open[key] = _Flight(lambda gone: self._forget(key, gone))
        return flight.board(call)

    def _forget(self, key: Hashable, flight: "_Flight[T]") -> None:
        if self._open.get(key) is flight:
            del self._open[key]


class Seat(Generic[T]):
    """One request's place in a flight. `joined`: the call was under way already when this request came."""

    def __init__(self, flight: "_Flight[T]", call: Call[T], *, joined: bool) -> None:
        self.call, self.joined = call, joined
        self.error: Exception | None = None
        self.read = 0  # pieces, counted from the beginning of the answer
        self.reading = False
        self._flight = flight

    @property
    def leads(self) -> bool:
        """Whether the call is this request's own, or has become so because those before it left."""
        return self._flight.leader is self

    async def result(self) -> T:
        """The whole answer, or whatever exception ended the call."""
        flight = self._flight
        while self.error is None and not flight.landed:
            await flight.changed()
        return self._answer()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Those published so far, then the others as they come. FellBehind, or the exception that ended the call."""
        flight = self._flight
        self.reading = True
        while self.error is None:
            if self.read < flight.dropped:
                raise FellBehind("This answer was read too slowly.")
            if self.read - flight.dropped < len(flight.kept):
                piece = flight.kept[self.read - flight.dropped]
                self.read += 1
                flight.note_read()
                yield piece
            elif flight.landed:
                return
            else:
                await flight.changed()
        raise self.error

    def leave(self) -> None:
        self._flight.leave(self)

    def __enter__(self) -> "Seat[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _answer(self) -> T:
        if self.error is not None:
            raise self.error
        return self._flight.answer()


class _Flight(Generic[T]):
    """kept: the pieces from number `dropped` on."""

    def __init__(self, closed: "Callable[[_Flight[T]], None]") -> None:
        self.leader: Seat[T] | None = None
        self._caller: Seat[T] | None = None  # whose call is running, though it may have left since
        self.landed = False
        self.kept: list[bytes] = []
        self.dropped = 0
        self._kept_bytes = 0
        self._seats: list[Seat[T]] = []
        self._closed = closed
        self._answer: T
        self._attempts = 0
        self._task: asyncio.Task[None] | None = None
        self._change: asyncio.Future[None] | None = None

    def board(self, call: Call[T]) -> Seat[T]:
        seat = Seat(self, call, joined=bool(self._seats))
        self._seats.append(seat)
        if self.leader is None:
            self._take_off(seat)
        return seat

    def leave(self, seat: Seat[T]) -> None:
        """The last one to leave ends the call; a leader that leaves hands it over to the next."""
        if seat not in self._seats:
            return
        self._seats.remove(seat)
        if not self._seats:
            self._closed(self)
            if self._task is not None and not self.landed:
                self._task.cancel()
        elif self.leader is seat:
            self.leader = self._seats[0]
        self._wake()

    async def changed(self) -> None:
        if self._change is None:
            self._change = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._change)

    def answer(self) -> T:
        return self._answer

    # --- what the call sees -------------------------------------------------------------------------------------

    async def publish(self, piece: bytes) -> None:
        self.kept.append(piece)
        self._kept_bytes += len(piece)
        if self._kept_bytes > REPLAY_BYTES:
            self._closed(self)
            while self._kept_bytes > REPLAY_BYTES and len(self.kept) > 1:
                self._kept_bytes -= len(self.kept.pop(0))
                self.dropped += 1
        self._wake()
        while self._unread_by_fastest() > WINDOW_BYTES:
            await self.changed()

    def note_read(self) -> None:
        """A reader moved on; a call that waits for it has to know."""
        if self._kept_bytes > WINDOW_BYTES:
            self._wake()

    def _unread_by_fastest(self) -> int:
        readers = [seat.read for seat in self._seats if seat.reading]
        if not readers or self._kept_bytes <= WINDOW_BYTES:
            return 0
        return sum(map(len, self.kept[max(0, max(readers) - self.dropped) :]))

    # --- how it ends --------------------------------------------------------------------------------------------

    def _take_off(self, seat: Seat[T]) -> None:
        self.leader = self._caller = seat
        self._attempts += 1
        self._task = asyncio.get_running_loop().create_task(self._fly(seat.call))

    async def _fly(self, call: Call[T]) -> None:
        try:
            self._answer = await call(self)
        except asyncio.CancelledError:
            # With passengers still aboard it was not they who ended it.
            self._fail(self._seats, CallCancelled("The call was cancelled."))
            raise
        except Exception as error:
            self._crash(error)
            return
        self.landed = True
        self._closed(self)
        self._wake()

    def _crash(self, error: Exception) -> None:
        """It is over for whoever made the call and for those who have read a part of its answer; the next one tries."""
        others = [seat for seat in self._seats if seat is not self._caller and not seat.read]
        if not others or self._attempts >= MOST_ATTEMPTS:
            self._fail(self._seats, error)
            return
        self._fail([seat for seat in self._seats if seat not in others], error)
        self._seats = others
        self.kept, self.dropped, self._kept_bytes = [], 0, 0
        self._take_off(others[0])

    def _fail(self, seats: list[Seat[T]], error: Exception) -> None:
        for seat in seats:
            seat.error = error
        if seats is self._seats:
            self._closed(self)
        self._wake()

    def _wake(self) -> None:
        change, self._change = self._change, None
        if change is not None and not change.done():
            change.set_result(None)
