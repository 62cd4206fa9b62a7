"""Sums per hour as files: CSV for people, Parquet for machines."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from apps.billing.domain.spending import SUMS
from llmkit.money import dollars_from_nano

COLUMNS: Final = ("hour", "by", "value", *SUMS, "amount_usd")
MOST_ROWS = 500_000
Rows = Iterator[Mapping[str, Any]]
# A spreadsheet takes a cell that begins with one of them for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CannotExport(Exception):
    """The text says what stands in the way and what to do."""


def to_csv(rows: Rows, dimension: str) -> bytes:
    """Times in ISO 8601 and UTC; texts that a spreadsheet would take for a formula begin with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _counted(rows):
        hour: datetime = row["hour"]
        dollars = f"{dollars_from_nano(row['amount_nano']):f}"
        sums = (row[name] for name in SUMS)
        writer.writerow([f"{hour:%Y-%m-%dT%H:%M:%SZ}", dimension, _harmless(row["value"]), *sums, dollars])
    return out.getvalue().encode()


def to_parquet(rows: Rows, dimension: str) -> bytes:
    """The same columns with their types; CannotExport where pyarrow is not installed."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        raise CannotExport("Parquet needs the package pyarrow, which is not installed here: export CSV.") from None
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in _counted(rows):
        for name in ("hour", "value", *SUMS):
            columns[name].append(row[name])
        columns["by"].append(dimension)
        columns["amount_usd"].append(float(dollars_from_nano(row["amount_nano"])))
    types = {"hour": pa.timestamp("us", tz="UTC"), "by": pa.string(), "value": pa.string(), "amount_usd": pa.float64()}
    schema = pa.schema([(name, types.get(name, pa.int64())) for name in COLUMNS])
    out = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=schema), out)
    return out.getvalue()


# Name of a form -> what makes it, and its media type.
FORMS: Final[dict[str, tuple[Callable[[Rows, str], bytes], str]]] = {
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "parquet": (to_parquet, "application/vnd.apache.parquet"),
}


def _counted(rows: Rows) -> Rows:
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            raise CannotExport(f"There are more than {MOST_ROWS:,} rows in this time: choose a shorter one.")
        yield row


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
