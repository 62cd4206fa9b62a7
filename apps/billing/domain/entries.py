"""A ledger record as the row that is stored of it."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from apps.tracing.domain.rows import Unstorable
from apps.tracing.domain.sanitise import is_deep, needs_repair, repair
from llmkit.ids import uuid7
from llmkit.ledger import LedgerRecord, decode_ledger
from llmkit.usage import Usage

MAX_BIGINT = 2**63 - 1
LONGEST_RAW = 8192
# A machine may have been switched off for long, and what it spent before still counts.
OLDEST = timedelta(days=400)
NEWEST = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


class EntryRow(NamedTuple):
    """The columns of billing_ledgerentry, without `recorded_at`; JSON as text."""

    id: uuid.UUID
    project_id: uuid.UUID
    kind: str
    trace_id: uuid.UUID
    span_id: str
    reference: str
    occurred_at: datetime
    amount_nano: int
    saved_nano: int
    key_id: uuid.UUID | None
    end_user: str
    session_id: str
    route: str
    route_version: int | None
    model: str
    provider: str
    prompt_name: str
    prompt_version: str
    environment: str
    tags: str
    operation: str
    response_id: str
    input_tokens: int
    output_tokens: int
    usage: str
    estimated: bool
    price_version_id: uuid.UUID | None


@dataclass(frozen=True)
class Entry:
    """A row with what its JSON says. usage: the raw counts left out."""

    row: EntryRow
    usage: Usage
    tags: dict[str, str]

    @property
    def attempt(self) -> tuple[uuid.UUID, uuid.UUID, str]:
        """What the entries of one model call have in common."""
        return (self.row.project_id, self.row.trace_id, self.row.span_id)


def decode(line: bytes) -> LedgerRecord:
    """The record of a spool line, mended where that is possible; Unstorable otherwise."""
    try:
        return decode_ledger(repair(line) if needs_repair(line) else line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unstorable(f"no ledger record: {error}") from None


def entry_of(record: LedgerRecord, *, now: datetime) -> Entry:
    """The entry of a record; Unstorable when its ids, its time or its amount make no sense at `now`."""
    usage = record.usage or Usage()
    row = EntryRow(
        id=uuid7(),
        project_id=_uuid("project_id", record.project_id),
        kind=record.kind,
        trace_id=uuid.UUID(_hex("trace_id", record.trace_id, _TRACE_ID)),
        span_id=_hex("span_id", record.span_id, _SPAN_ID),
        reference="",
        occurred_at=_moment(record.occurred_ns, now),
        amount_nano=_money("amount_nano", record.amount_nano),
        saved_nano=_money("saved_nano", record.saved_nano),
        key_id=uuid_or_none(record.key_id),
        end_user=record.user[:200],
        session_id=record.session[:200],
        route=record.route[:100],
        route_version=record.route_version if 0 <= (record.route_version or 0) < 2**31 else None,
        model=record.model[:100],
        provider=record.provider[:100],
        prompt_name=record.prompt_name[:200],
        prompt_version=record.prompt_version[:60],
        environment=record.environment[:60],
        tags=json_text(record.tags),
        operation=record.operation[:40],
        response_id=record.response_id[:200],
        input_tokens=_count("usage.prompt_tokens", usage.prompt_tokens),
        output_tokens=_count("usage.completion_tokens", usage.completion_tokens),
        usage=usage_json(usage) if record.usage else "{}",
        estimated=record.estimated,
        price_version_id=uuid_or_none(record.price_version),
    )
    return Entry(row, usage, record.tags)


def usage_json(usage: Usage) -> str:
    """What is stored of a usage: its counts, and the provider's raw ones unless they are beyond all measure."""
    values = {name: value for name, value in msgspec.structs.asdict(usage).items() if value}
    if is_deep(usage.raw) or len(json_text(usage.raw)) > LONGEST_RAW:
        values.pop("raw", None)
    return json_text(values)


def usage_of(stored: dict[str, object]) -> Usage:
    """The usage of a stored entry."""
    return msgspec.convert(stored, Usage)


def uuid_or_none(text: str) -> uuid.UUID | None:
    """Money counts even where a label of it is broken."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def _uuid(name: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Unstorable(f"{name}: no UUID") from None


def _hex(name: str, text: str, form: re.Pattern[str]) -> str:
    text = text.lower()
    if not form.fullmatch(text) or not text.strip("0"):
        raise Unstorable(f"{name}: not the right number of hex digits, or all zero")
    return text


def _moment(occurred_ns: int, now: datetime) -> datetime:
    oldest, newest = (int((bound - EPOCH).total_seconds()) * 10**9 for bound in (now - OLDEST, now + NEWEST))
    if not oldest <= occurred_ns <= newest:
        raise Unstorable(f"occurred_ns: more than {OLDEST.days} days ago or {NEWEST.days} day ahead")
    return EPOCH + timedelta(microseconds=occurred_ns // 1000)


def _money(name: str, nano: int) -> int:
    if not 0 <= nano <= MAX_BIGINT // 1000:
        raise Unstorable(f"{name}: negative, or more than there is")
    return nano


def _count(name: str, tokens: int) -> int:
    if not 0 <= tokens < 2**40:
        raise Unstorable(f"{name}: negative, or more than there can be")
    return tokens


def json_text(value: object) -> str:
    """As the JSON columns of a row hold it."""
    return msgspec.json.encode(value).decode()
