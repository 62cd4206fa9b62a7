"""Writing rows to Postgres in bulk: each span once, however often it is shipped."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import LiteralString

import django.db
import psycopg
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.accounts.models import Project
from apps.tracing.domain.shapes import PayloadRow, Rows, SpanRow
from apps.tracing.engine.partitions import make_partitions
from apps.tracing.engine.rollup import count_entries

# SQLSTATE classes that blame the data (data exception, constraint, limit of the program) and not the moment.
_POISON = {"22", "23", "54"}
_NO_PARTITION = "23514"
_MAKE_SHIPPED = "CREATE TEMP TABLE IF NOT EXISTS {shipped} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {shipped} ON CONFLICT DO NOTHING"
_INSERT_NEW = _INSERT + " RETURNING start_time, project_id, trace_id, span_id"


class StoreAway(Exception):
    """Postgres can't take anything now; the same rows may be sent again later."""


class RowsRefused(Exception):
    """Postgres will never take one of these rows; the text says why."""


class UnknownProjects(Exception):
    """Rows that belong to no project; none of the batch was stored."""

    def __init__(self, ids: set[uuid.UUID]) -> None:
        super().__init__(", ".join(sorted(map(str, ids))))
        self.ids = ids


class SpanStore:
    def __init__(self) -> None:
        self._days: set[date] = set()

    def check(self) -> None:
        """StoreAway unless Postgres answers."""
        with self._sorting_errors(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def save(self, rows: Sequence[Rows]) -> int:
        """Store a batch in one transaction; the number of spans that were not there before.

        StoreAway, RowsRefused or UnknownProjects when nothing of it was stored.
        """
        # In key order, so that two shippers with the same spans never wait for each other in a circle.
        ordered = sorted(rows, key=lambda each: each.span[:4])
        with self._sorting_errors():
            self._make_days({each.span.start_time.date() for each in ordered})
            with transaction.atomic(), connection.cursor() as cursor:
                _check_projects({each.span.project_id for each in ordered})
                new = _insert_spans(cursor, [each.span for each in ordered])
                _insert_payloads(cursor, [each.payload for each in ordered])
                spans = {tuple(each.span[:4]): each.span for each in reversed(ordered)}
                count_entries(spans[key] for key in new if spans[key].is_entry)
        return len(new)

    def _make_days(self, days: set[date]) -> None:
        if missing := days - self._days:
            make_partitions(missing)
            self._days |= missing

    @contextmanager
    def _sorting_errors(self) -> Iterator[None]:
        try:
            yield
        except (django.db.Error, psycopg.Error) as error:
            state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
            if state == _NO_PARTITION:
                self._days.clear()  # retention dropped a day that late spans still belong to
            elif state[:2] in _POISON:
                raise RowsRefused(f"Postgres refuses it ({state}): {str(error).splitlines()[0]}") from error
            connection.close()
            raise StoreAway(str(error).strip() or type(error).__name__) from error


def _check_projects(ids: set[uuid.UUID]) -> None:
    # The lock keeps a project from being deleted between here and the commit.
    known = Project.objects.filter(id__in=ids).select_for_update(no_key=True).values_list("id", flat=True)
    if unknown := ids - set(known):
        raise UnknownProjects(unknown)


def _insert_spans(cursor: CursorWrapper, spans: Sequence[SpanRow]) -> list[tuple[object, ...]]:
    """The keys of those that were not there before."""
    _copy(cursor, "tracing_span", SpanRow._fields, spans)
    cursor.execute(_fill(_INSERT_NEW, "tracing_span", SpanRow._fields))
    keys: list[tuple[object, ...]] = cursor.fetchall()
    return keys


def _insert_payloads(cursor: CursorWrapper, payloads: Sequence[PayloadRow]) -> None:
    _copy(cursor, "tracing_spanpayload", PayloadRow._fields, payloads)
    cursor.execute(_fill(_INSERT, "tracing_spanpayload", PayloadRow._fields))


def _copy(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    cursor.execute(_fill(_MAKE_SHIPPED, table, columns))
    with cursor.copy(_fill("COPY {shipped} ({columns}) FROM STDIN", table, columns)) as copy:
        for row in rows:
            copy.write_row(row)


def _fill(statement: LiteralString, table: LiteralString, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(statement).format(
        table=sql.Identifier(table),
        shipped=sql.Identifier(f"shipped_{table}"),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
    )
