"""Entry spans summed by minute, route, model and outcome."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.tracing.domain.shapes import SpanRow


class MinuteKey(NamedTuple):
    project_id: uuid.UUID
    minute: datetime
    route: str
    model: str
    failed: bool


@dataclass
class MinuteSums:
    """Tokens, nano-dollars, and the single durations in microseconds; a missing figure adds nothing."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano: int = 0
    durations_us: list[int] = field(default_factory=list)
    first_tokens_us: list[int] = field(default_factory=list)

    def add(self, span: SpanRow) -> None:
        self.requests += 1
        self.input_tokens += span.input_tokens or 0
        self.output_tokens += span.output_tokens or 0
        self.cost_nano += span.cost_nano or 0
        self.durations_us.append(span.duration_us)
        if span.first_token_us is not None:
            self.first_tokens_us.append(span.first_token_us)


def key_of(span: SpanRow) -> MinuteKey:
    return MinuteKey(
        project_id=span.project_id,
        minute=span.start_time.replace(second=0, microsecond=0),
        route=span.route,
        model=span.response_model or span.request_model,
        failed=span.status == "error",
    )


def sum_by_minute(entries: Iterable[SpanRow]) -> dict[MinuteKey, MinuteSums]:
    sums: dict[MinuteKey, MinuteSums] = defaultdict(MinuteSums)
    for span in entries:
        sums[key_of(span)].add(span)
    return dict(sums)
