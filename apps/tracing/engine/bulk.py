"""Writing rows to Postgres in bulk, each once, and telling what to do when Postgres takes them not."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import django.db
import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.accounts.models import Project

# SQLSTATE classes that blame the data (data exception, constraint, limit of the program) and not the moment.
_POISON = {"22", "23", "54"}
_MAKE_SHIPPED = "CREATE TEMP TABLE IF NOT EXISTS {shipped} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {shipped} ON CONFLICT DO NOTHING RETURNING {returned}"


class StoreAway(Exception):
    """Postgres can't take anything now; the same rows may be sent again later."""


class RowsRefused(Exception):
    """Postgres will never take one of these rows; the text says why."""


class UnknownProjects(Exception):
    """Rows that belong to no project; none of the batch was stored."""

    def __init__(self, ids: set[uuid.UUID]) -> None:
        super().__init__(", ".join(sorted(map(str, ids))))
        self.ids = ids


def check() -> None:
    """StoreAway unless Postgres answers."""
    with sorting_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@contextmanager
def sorting_errors(*, of_the_moment: Collection[str] = ()) -> Iterator[None]:
    """Database errors as RowsRefused or StoreAway. of_the_moment: SQLSTATEs that will not come again."""
    try:
        yield
    except (django.db.Error, psycopg.Error) as error:
        state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
        if state[:2] in _POISON and state not in of_the_moment:
            raise RowsRefused(f"Postgres refuses it ({state}): {str(error).splitlines()[0]}") from error
        connection.close()
        raise StoreAway(str(error).strip() or type(error).__name__) from error


def check_projects(ids: set[uuid.UUID]) -> None:
    """UnknownProjects when some of them are none. Those that are can't be deleted until the transaction ends."""
    known = Project.objects.filter(id__in=ids).select_for_update(no_key=True).values_list("id", flat=True)
    if unknown := ids - set(known):
        raise UnknownProjects(unknown)


def insert_new(
    cursor: CursorWrapper,
    table: LiteralString,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    *,
    returned: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Insert rows of `columns`; the columns `returned` of those that were not there before."""
    copy_in(cursor, table, columns, rows)
    cursor.execute(fill(_INSERT, table, columns=columns, returned=returned))
    new: list[tuple[Any, ...]] = cursor.fetchall()
    return new


def copy_in(
    cursor: CursorWrapper, table: LiteralString, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Copy rows into the temporary table `shipped_<table>`, which is empty again after the transaction."""
    cursor.execute(fill(_MAKE_SHIPPED, table))
    with cursor.copy(fill("COPY {shipped} ({columns}) FROM STDIN", table, columns=columns)) as copy:
        for row in rows:
            copy.write_row(row)


def fill(statement: LiteralString, table: LiteralString, **lists: Sequence[str]) -> sql.Composed:
    """`{table}`, `{shipped}` and each named list of columns in a statement."""
    return sql.SQL(statement).format(
        table=sql.Identifier(table),
        shipped=sql.Identifier(f"shipped_{table}"),
        **{name: sql.SQL(", ").join(map(sql.Identifier, columns)) for name, columns in lists.items()},
    )
