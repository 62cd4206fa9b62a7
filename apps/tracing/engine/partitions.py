"""A partition of the span tables for every day that has spans, and for the days to come."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection, transaction
from psycopg import sql

from llmkit import clock

TABLES = ("tracing_span", "tracing_spanpayload")
DAYS_AHEAD = 3
_LOCK = 0x7472_6163  # "trac": one maker at a time, in all processes


def make_partitions_ahead() -> None:
    """Partitions from today to DAYS_AHEAD days from now, so that no batch at midnight has to wait for one."""
    today = clock.now().date()
    make_partitions(today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1))


def make_partitions(days: Iterable[date]) -> None:
    """Make what is missing of these UTC days.

    Attaching a finished table asks for a weaker lock than creating a partition in place, so that readers and
    writers of other days never wait.
    """
    for day in sorted(set(days)):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            for table in TABLES:
                cursor.execute("SELECT to_regclass(%s) IS NULL", [partition_name(table, day)])
                if cursor.fetchone() == (True,):
                    for statement in _statements(table, day):
                        cursor.execute(statement)


def partition_name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _statements(table: str, day: date) -> list[sql.Composed]:
    names = {"parent": sql.Identifier(table), "name": sql.Identifier(partition_name(table, day))}
    start, end = (sql.Literal(f"{bound} 00:00:00+00") for bound in (day, day + timedelta(days=1)))
    return [
        sql.SQL("CREATE TABLE {name} (LIKE {parent} INCLUDING ALL)").format(**names),
        sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})").format(
            start=start, end=end, **names
        ),
    ]
