"""Reading what a process has put into its spool, as the shipper would."""

from collections import Counter
from pathlib import Path

from llmkit.spool import segments
from llmkit.telemetry import SpanRecord, decode_record


def spooled(spool: Path, *, trace_id: str | None = None) -> list[SpanRecord]:
    """All whole records, or those of one trace, in the order in which they were written."""
    lines = [line for segment in segments(spool) for line in segment.read_bytes().split(b"\n")[:-1]]
    records = [decode_record(line) for line in lines]
    return [record for record in records if trace_id in {None, record.trace_id}]


def entry_of(spool: Path, trace_id: str) -> SpanRecord:
    """The one entry span of a trace."""
    (entry,) = [record for record in spooled(spool, trace_id=trace_id) if record.is_entry]
    return entry


def entries_by_trace(spool: Path) -> Counter[str]:
    return Counter(record.trace_id for record in spooled(spool) if record.is_entry)
