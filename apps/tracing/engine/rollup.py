"""Adding spans that were newly stored to the sums per minute, inside the transaction that stored them."""

from collections.abc import Iterable

from apps.tracing.domain import histogram
from apps.tracing.domain.minutes import MinuteKey, MinuteSums, sum_by_minute
from apps.tracing.domain.shapes import SpanRow
from apps.tracing.models import TraceMinute

KEY = ["project", "minute", "route", "model", "failed"]
SUMS = ["requests", "input_tokens", "output_tokens", "cost_nano", "duration_histogram", "first_token_histogram"]


def count_entries(entries: Iterable[SpanRow]) -> None:
    """Each entry is counted once, if each is given once: the caller knows which ones are new."""
    sums = sum_by_minute(entries)
    if not sums:
        return
    # Made first, so that there is a row to lock; in key order, so that two shippers never wait for each other.
    TraceMinute.objects.bulk_create([_empty(key) for key in sorted(sums)], ignore_conflicts=True)
    rows = TraceMinute.objects.select_for_update().filter(
        project_id__in={key.project_id for key in sums}, minute__in={key.minute for key in sums}
    )
    changed = []
    for row in rows.order_by(*KEY):
        key = MinuteKey(row.project_id, row.minute, row.route, row.model, row.failed)
        if key in sums:
            _add(row, sums[key])
            changed.append(row)
    TraceMinute.objects.bulk_create(changed, update_conflicts=True, unique_fields=KEY, update_fields=SUMS)


def _empty(key: MinuteKey) -> TraceMinute:
    zero = dict.fromkeys(SUMS[:4], 0)
    return TraceMinute(**key._asdict(), **zero, duration_histogram=[], first_token_histogram=[])


def _add(row: TraceMinute, sums: MinuteSums) -> None:
    row.requests += sums.requests
    row.input_tokens += sums.input_tokens
    row.output_tokens += sums.output_tokens
    row.cost_nano += sums.cost_nano
    row.duration_histogram = histogram.merge([row.duration_histogram, histogram.count(sums.durations_us)])
    row.first_token_histogram = histogram.merge([row.first_token_histogram, histogram.count(sums.first_tokens_us)])
