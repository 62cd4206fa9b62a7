"""Entries that follow from ones that are there: of the same call, and so of the same moment."""

import uuid
from typing import Any

from apps.billing.domain.entries import Entry, EntryRow, json_text, usage_json
from apps.billing.models import LedgerEntry
from llmkit.ids import uuid7
from llmkit.usage import Usage

_SAME = set(EntryRow._fields) - {"id", "kind", "reference", "amount_nano", "saved_nano", "tags", "usage"}


def follow(
    entry: LedgerEntry,
    *,
    kind: str,
    amount_nano: int,
    reference: str,
    usage: Usage | None = None,
    price_version_id: uuid.UUID | None = None,
    estimated: bool | None = None,
) -> Entry:
    """An entry of the same call; what is not given stays as in `entry`, but for the counts, which are never copied."""
    usage = usage or Usage()
    changed: dict[str, Any] = {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "price_version_id": price_version_id or entry.price_version_id,
        "estimated": entry.estimated if estimated is None else estimated,
    }
    row = EntryRow(
        id=uuid7(),
        kind=kind,
        reference=reference,
        amount_nano=amount_nano,
        saved_nano=0,
        tags=json_text(entry.tags),
        usage=usage_json(usage),
        **{name: getattr(entry, name) for name in _SAME - changed.keys()},
        **changed,
    )
    return Entry(row, usage, entry.tags)
