"""Kinds of records that are shipped: where each lies in the spool, and how its lines become rows."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from apps.tracing.engine.store import SpanStore

Row = TypeVar("Row")


class Sink(Protocol[Row]):
    """One kind of record. folder: below the spool, "" for the spool itself."""

    folder: str

    def read(self, line: bytes, *, now: datetime) -> Row:
        """What is stored of a line; `domain.rows.Unstorable` when that is nothing."""
        ...

    def project_of(self, row: Row) -> uuid.UUID: ...

    def save(self, rows: Sequence[Row]) -> int:
        """Store a batch, all or nothing; how many rows were not there before.

        Safe to repeat; StoreAway, RowsRefused or UnknownProjects of `engine.bulk` when nothing of it was stored.
        """
        ...


_makers: list[Callable[[], Sink[Any]]] = [SpanStore]


def register_sink(make: Callable[[], Sink[Any]]) -> None:
    """Have every shipper carry one more kind of record; apps call this from their AppConfig.ready()."""
    if make not in _makers:
        _makers.append(make)


def all_sinks() -> list[Sink[Any]]:
    return [make() for make in _makers]
