"""GET /api/spend and GET /api/ledger, for keys with the scope `read`."""

import re
import uuid
from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from apps.accounts.services import BearerKey, key_of
from apps.billing import queries
from apps.billing.domain import period
from apps.billing.domain.spending import SUMS, SpendSums
from apps.billing.models import LedgerEntry
from apps.tracing.domain.cursor import BadCursor
from apps.tracing.domain.position import decode_position
from llmkit import clock
from llmkit.money import dollars_from_nano

NO_NUL = r"^[^\x00]*$"  # Postgres has no NUL in its texts

router = Router(tags=["spend"], auth=BearerKey(scope="read"))


class SpendQuery(Schema):
    """Whole hours: `from` and `to` are made wider to the hour. Without them: the last 30 days."""

    start: datetime | None = Field(None, alias="from")
    end: datetime | None = Field(None, alias="to")
    by: Literal["total", "model", "route", "key", "user", "prompt", "tag", "provider", "environment"] = "model"


class Sums(Schema):
    """Tokens by kind (input and output hold the others), requests, and money: `cost` in US dollars, the rest exact."""

    requests: int
    cache_hits: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_creation_tokens: int
    audio_tokens: int
    image_tokens: int
    reasoning_tokens: int
    cost: float
    amount_nano: int
    estimated_nano: int
    saved_nano: int


class SpendRowOut(Sums):
    value: str
    label: str


class SpendOut(Schema):
    """unsettled_nano: what is reserved for calls of which nobody knows the cost, whenever they began."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    by: str
    total: Sums
    rows: list[SpendRowOut]
    unsettled: int
    unsettled_nano: int


class LedgerQuery(Schema):
    """Calls that began between `from` and `to`, made wider to the hour; without them: the last 30 days."""

    start: datetime | None = Field(None, alias="from")
    end: datetime | None = Field(None, alias="to")
    kind: Literal["", "reserve", "settle", "release", "adjust", "cache_hit"] = ""
    key: uuid.UUID | None = None
    user: str = Field("", max_length=200, pattern=NO_NUL)
    model: str = Field("", max_length=100, pattern=NO_NUL)
    trace_id: str = Field("", max_length=32)
    limit: int = Field(50, ge=1, le=500)
    cursor: str = Field("", max_length=200)


class EntryOut(Schema):
    """One line of the ledger; `usage` with the provider's own counts in `raw`."""

    id: uuid.UUID
    kind: str
    trace_id: str
    span_id: str
    reference: str
    occurred_at: str
    recorded_at: str
    cost: float
    amount_nano: int
    saved_nano: int
    estimated: bool
    key_id: uuid.UUID | None
    user: str
    session: str
    route: str
    route_version: int | None
    model: str
    provider: str
    prompt_name: str
    prompt_version: str
    environment: str
    tags: dict[str, Any]
    operation: str
    response_id: str
    usage: dict[str, Any]
    price_version_id: uuid.UUID | None


class LedgerOut(Schema):
    entries: list[EntryOut]
    next_cursor: str | None


@router.get("/spend", response=SpendOut, by_alias=True, summary="What calls cost, divided by one dimension")
def spend(request: HttpRequest, query: Query[SpendQuery]) -> Any:
    """The costliest values first, at most 200 of them; `total` holds everything."""
    project, within = key_of(request).project, _period(query.start, query.end)
    open_calls = queries.unsettled_sum(project)
    return {
        "start": _iso(within.start),
        "end": _iso(within.end),
        "by": query.by,
        "total": _sums(queries.totals(project, within)),
        "rows": [
            {"value": row.value, "label": row.label, **_sums(row.sums)}
            for row in queries.spent_by(project, within, query.by)
        ],
        "unsettled": open_calls.count,
        "unsettled_nano": open_calls.amount_nano,
    }


@router.get("/ledger", response=LedgerOut, summary="Entries of the ledger, newest calls first")
def ledger(request: HttpRequest, query: Query[LedgerQuery]) -> Any:
    """Pages by `cursor`: pass the `next_cursor` of the answer before, with the same filters."""
    within = _period(query.start, query.end)
    chosen = queries.LedgerFilter(
        start=within.start,
        end=within.end,
        kind=query.kind,
        key=query.key,
        user=query.user,
        model=query.model,
        trace_id=_trace_id(query.trace_id),
    )
    try:
        cursor = decode_position(query.cursor) if query.cursor else None
        page = queries.list_entries(key_of(request).project, chosen, cursor=cursor, limit=query.limit)
    except BadCursor as error:
        raise ValidationError({"cursor": str(error)}) from error
    return {"entries": [_entry(row) for row in page.rows], "next_cursor": page.older.encode() if page.older else None}


def _period(start: datetime | None, end: datetime | None) -> period.Period:
    try:
        return period.between(start, end, clock.now())
    except period.BadPeriod as error:
        raise ValidationError({error.field: str(error)}) from error
    except OverflowError as error:
        raise ValidationError({"from": "This time lies beyond all calendars."}) from error


def _trace_id(text: str) -> uuid.UUID | None:
    if text and not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise ValidationError({"trace_id": "A trace_id has 32 hexadecimal digits."})
    return uuid.UUID(text) if text else None


def _sums(sums: SpendSums) -> dict[str, Any]:
    return {**{name: getattr(sums, name) for name in SUMS}, "cost": float(dollars_from_nano(sums.amount_nano))}


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    same = {name: getattr(entry, name) for name in EntryOut.model_fields if hasattr(entry, name)}
    return same | {
        "trace_id": entry.trace_id.hex,
        "occurred_at": _iso(entry.occurred_at),
        "recorded_at": _iso(entry.recorded_at),
        "cost": float(dollars_from_nano(entry.amount_nano)),
        "user": entry.end_user,
        "session": entry.session_id,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
