"""Adding what new entries cost to the sums per hour, inside the transaction that stores them."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import LiteralString

from django.db import connection
from psycopg import sql

from apps.billing.domain.spending import SUMS, SpendKey, SpendSums

_KEY = ("project_id", "dimension", "hour", "value")
_ADD: LiteralString = (
    "INSERT INTO billing_spendhour ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {sums}"
)
_ADD_SUM: LiteralString = "{name} = billing_spendhour.{name} + EXCLUDED.{name}"


def add_to_hours(sums: Mapping[SpendKey, SpendSums]) -> None:
    """Each entry is counted once, if each is given once: the caller knows which ones are new."""
    if not sums:
        return
    # In key order, so that two processes never wait for each other in a circle.
    rows = [(key.project_id, key.dimension, key.hour, key.value, *astuple(sums[key])) for key in sorted(sums)]
    with connection.cursor() as cursor:
        cursor.executemany(_statement(), rows)


def _statement() -> sql.Composed:
    columns = (*_KEY, *SUMS)
    return sql.SQL(_ADD).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
        key=sql.SQL(", ").join(map(sql.Identifier, _KEY)),
        sums=sql.SQL(", ").join(sql.SQL(_ADD_SUM).format(name=sql.Identifier(name)) for name in SUMS),
    )
