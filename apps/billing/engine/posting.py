"""Adding entries to the ledger, with everything that follows from them, inside the caller's transaction."""

from collections.abc import Sequence

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.billing.domain.entries import Entry, EntryRow
from apps.billing.domain.spending import sum_by_hour
from apps.billing.engine.rollup import add_to_hours
from apps.tracing.services import bulk

_ENDS = {"settle", "release"}
_OPEN_COLUMNS = ("entry_id", "project_id", "trace_id", "span_id", "occurred_at", "amount_nano")
_CLOSE = """
    DELETE FROM billing_openreserve AS open
    USING (SELECT DISTINCT project_id, trace_id, span_id FROM shipped_billing_ledgerentry
           WHERE kind IN ('settle', 'release')) AS ended
    WHERE (open.project_id, open.trace_id, open.span_id) = (ended.project_id, ended.trace_id, ended.span_id)
"""


def post(entries: Sequence[Entry]) -> list[Entry]:
    """Add entries, each once however often it comes; those that were not there before.

    Their projects must exist: see `bulk.check_projects`.
    """
    # In key order, so that two processes with the same entries never wait for each other in a circle.
    ordered = sorted(entries, key=lambda entry: (*entry.attempt, entry.row.kind, entry.row.reference))
    with connection.cursor() as cursor:
        rows = [entry.row for entry in ordered]
        ids = bulk.insert_new(cursor, "billing_ledgerentry", EntryRow._fields, rows, returned=("id",))
        added = {row_id for (row_id,) in ids}
        new = [entry for entry in ordered if entry.row.id in added]
        _note_reserves(cursor, ordered, new)
    add_to_hours(sum_by_hour(new))
    return new


def _note_reserves(cursor: CursorWrapper, entries: Sequence[Entry], new: Sequence[Entry]) -> None:
    """Open the new reserves that nothing in the batch ends, close the older ones that something does."""
    ended = {entry.attempt for entry in entries if entry.row.kind in _ENDS}
    opened = [
        (row.id, row.project_id, row.trace_id, row.span_id, row.occurred_at, row.amount_nano)
        for entry in new
        if (row := entry.row).kind == "reserve" and entry.attempt not in ended
    ]
    if ended:
        cursor.execute(_CLOSE)
    if opened:
        bulk.insert_new(cursor, "billing_openreserve", _OPEN_COLUMNS, opened, returned=("entry_id",))
