"""Connections of a gateway process to Postgres, for semantic caches alone; its event loop never waits for one long."""

from functools import partial
from typing import Any

from django.db import connections
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]

# How far a look goes beyond the first candidates that the partition refuses; see pgvector, "Iterative index scans".
_LOOKING = (
    "SET hnsw.iterative_scan = 'strict_order'",
    "SET hnsw.ef_search = 20",
    "SET hnsw.max_scan_tuples = 5000",
    # The best plan depends on how many entries the partition has, which a generic plan doesn't know.
    "SET plan_cache_mode = 'force_custom_plan'",
    "SET jit = off",
)


def open_pool(*, size: int, statement_ms: int, wait_s: float, looks: bool) -> Pool:
    """An unopened pool of up to `size` connections to Django's database. Statements end after `statement_ms`.

    Whoever finds no free connection waits `wait_s` seconds.
    """
    settings = (f"SET statement_timeout = {statement_ms}", *(_LOOKING if looks else ()))
    return AsyncConnectionPool(
        conninfo_of_django(),
        min_size=1,
        max_size=size,
        open=False,
        timeout=wait_s,
        kwargs={"autocommit": True, "application_name": "flywheel-cache"},
        configure=partial(_configure, settings),
        reconnect_timeout=60,
    )


def conninfo_of_django() -> str:
    """Of the database that Django uses, which under test is another one than DATABASE_URL names."""
    entry = connections["default"].settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    known = {libpq: entry[django] for django, libpq in names.items() if entry[django]}
    return make_conninfo("", **known, connect_timeout=5)


async def _configure(settings: tuple[str, ...], connection: AsyncConnection[Any]) -> None:
    await register_vector_async(connection)
    for statement in settings:
        await connection.execute(statement)
