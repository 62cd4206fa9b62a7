"""Entries summed by hour, once for each thing that costs are asked by."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final, NamedTuple

from apps.billing.domain.entries import Entry

# Dimension -> what the pages call it. The total has one value, the empty text.
DIMENSIONS: Final = {
    "total": "Everything",
    "model": "Model",
    "route": "Route",
    "key": "API key",
    "user": "User",
    "prompt": "Prompt version",
    "tag": "Tag",
    "provider": "Provider",
    "environment": "Environment",
}
LONGEST_VALUE = 200


class SpendKey(NamedTuple):
    project_id: uuid.UUID
    hour: datetime
    dimension: str
    value: str


@dataclass
class SpendSums:
    """Calls that a model answered, answers out of a cache, tokens by kind, nano-dollars.

    input_tokens and output_tokens hold the other kinds. amount_nano holds estimated_nano: what was settled on
    counts of our own. saved_nano: what the answers out of a cache would have cost.
    """

    requests: int = 0
    cache_hits: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_creation_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    reasoning_tokens: int = 0
    amount_nano: int = 0
    estimated_nano: int = 0
    saved_nano: int = 0

    def add(self, other: "SpendSums") -> None:
        for field in SUMS:
            setattr(self, field, getattr(self, field) + getattr(other, field))

    def any(self) -> bool:
        return any(astuple(self))


SUMS: Final = tuple(field.name for field in fields(SpendSums))


def sum_by_hour(entries: Iterable[Entry]) -> dict[SpendKey, SpendSums]:
    sums: dict[SpendKey, SpendSums] = defaultdict(SpendSums)
    for entry in entries:
        counted = counted_of(entry)
        if counted.any():
            hour = entry.row.occurred_at.replace(minute=0, second=0, microsecond=0)
            for dimension, value in places_of(entry):
                sums[SpendKey(entry.row.project_id, hour, dimension, value)].add(counted)
    return dict(sums)


def counted_of(entry: Entry) -> SpendSums:
    """What an entry adds: reserves and releases nothing, adjustments only money."""
    row, usage = entry.row, entry.usage
    if row.kind == "cache_hit":
        return SpendSums(cache_hits=1, saved_nano=row.saved_nano)
    if row.kind not in {"settle", "adjust"}:
        return SpendSums()
    money = SpendSums(amount_nano=row.amount_nano, estimated_nano=row.amount_nano if row.estimated else 0)
    if row.kind == "settle":
        money.requests = 1
        money.input_tokens, money.output_tokens = row.input_tokens, row.output_tokens
        money.cached_tokens, money.cache_creation_tokens = usage.cached_tokens, usage.cache_creation_tokens
        money.audio_tokens = usage.audio_prompt_tokens + usage.audio_completion_tokens
        money.image_tokens, money.reasoning_tokens = usage.image_prompt_tokens, usage.reasoning_tokens
    return money


def places_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Every dimension and value that an entry counts under; what has no name counts in the total alone."""
    row = entry.row
    yield "total", ""
    for dimension, value in (
        ("key", str(row.key_id or "")),
        ("user", row.end_user),
        ("route", row.route),
        ("model", row.model),
        ("provider", row.provider),
        ("prompt", prompt_label(row.prompt_name, row.prompt_version)),
        ("environment", row.environment),
    ):
        if value:
            yield dimension, value[:LONGEST_VALUE]
    for name, value in entry.tags.items():
        yield "tag", f"{name}={value}"[:LONGEST_VALUE]


def prompt_label(name: str, version: str) -> str:
    return f"{name} v{version}" if name and version else name
