"""Storing spans: each once, however often it is shipped."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from django.db import connection, transaction

from apps.tracing.domain import rows
from apps.tracing.domain.shapes import PayloadRow, Rows, SpanRow
from apps.tracing.engine import bulk
from apps.tracing.engine.partitions import make_partitions
from apps.tracing.engine.rollup import count_entries

_KEY = ("start_time", "project_id", "trace_id", "span_id")
_NO_PARTITION = "23514"


class SpanStore:
    """The sink of spans; see `engine.sinks`."""

    folder = ""

    def __init__(self) -> None:
        self._days: set[date] = set()

    def read(self, line: bytes, *, now: datetime) -> Rows:
        return rows.rows_of(rows.decode(line), now=now)

    def project_of(self, row: Rows) -> uuid.UUID:
        return row.span.project_id

    def save(self, rows: Sequence[Rows]) -> int:
        """Store a batch in one transaction; the number of spans that were not there before.

        StoreAway, RowsRefused or UnknownProjects when nothing of it was stored.
        """
        # In key order, so that two shippers with the same spans never wait for each other in a circle.
        ordered = sorted(rows, key=lambda each: each.span[:4])
        payloads = [each.payload for each in ordered]
        with self._sorting_errors():
            self._make_days({each.span.start_time.date() for each in ordered})
            with transaction.atomic(), connection.cursor() as cursor:
                bulk.check_projects({each.span.project_id for each in ordered})
                spans = {tuple(each.span[:4]): each.span for each in reversed(ordered)}
                inserted = [each.span for each in ordered]
                new = bulk.insert_new(cursor, "tracing_span", SpanRow._fields, inserted, returned=_KEY)
                bulk.insert_new(cursor, "tracing_spanpayload", PayloadRow._fields, payloads, returned=_KEY[-1:])
                count_entries(spans[key] for key in new if spans[key].is_entry)
        return len(new)

    def _make_days(self, days: set[date]) -> None:
        if missing := days - self._days:
            make_partitions(missing)
            self._days |= missing

    @contextmanager
    def _sorting_errors(self) -> Iterator[None]:
        try:
            with bulk.sorting_errors(of_the_moment={_NO_PARTITION}):
                yield
        except bulk.StoreAway:
            self._days.clear()  # retention may have dropped a day that late spans still belong to
            raise
