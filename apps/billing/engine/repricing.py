"""Computing the costs of a period again, from the stored counts and the prices that hold now for each moment."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from apps.accounts.models import Project
from apps.billing.domain.entries import Entry, usage_of
from apps.billing.domain.repriced import Repriced
from apps.billing.engine.following import follow
from apps.billing.engine.posting import post
from apps.billing.engine.price_book import PriceBook
from apps.billing.models import LedgerEntry
from apps.billing.models.entries import LedgerEntryQuerySet
from apps.tracing.services import bulk
from llmkit.pricing import cost

BATCH = 1000
Attempt = tuple[UUID, str]
Progress = Callable[[int, int], None]


def reprice(
    project: Project,
    start: datetime,
    end: datetime,
    *,
    model: str = "",
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
) -> Repriced:
    """Add what is missing to each settled call that began in [start, end), or only tell it.

    A second time finds nothing to add. progress: told how many calls are done, of how many.
    """
    settles = LedgerEntry.objects.for_project(project).between(start, end).settles()
    if model:
        settles = settles.filter(model=model)
    book, found = PriceBook(project), Repriced()
    done, total = 0, settles.count()
    progress(done, total)
    for batch in _batches(settles):
        adjustments = _adjustments(batch, book, found)
        if adjustments and not dry_run:
            with transaction.atomic():
                bulk.check_projects({project.id})
                post(adjustments)
        done += len(batch)
        progress(done, max(done, total))
    return found


def _batches(settles: LedgerEntryQuerySet) -> Iterator[list[LedgerEntry]]:
    """In order of time, each from where the one before ended: the ledger may be larger than memory."""
    rest = settles.oldest_first()
    while batch := list(rest[:BATCH]):
        yield batch
        last = batch[-1]
        same_moment = Q(occurred_at=last.occurred_at, id__gt=last.id)
        later = Q(occurred_at__gt=last.occurred_at) | same_moment
        rest = settles.oldest_first().filter(Q(occurred_at__gte=last.occurred_at), later)


def _adjustments(batch: Sequence[LedgerEntry], book: PriceBook, found: Repriced) -> list[Entry]:
    adjusted = _adjusted(batch)
    entries = []
    for entry in batch:
        before = entry.amount_nano + adjusted.get((entry.trace_id, entry.span_id), 0)
        adjustment = _adjustment(entry, before, book, found)
        if adjustment:
            entries.append(adjustment)
    return entries


def _adjustment(entry: LedgerEntry, before: int, book: PriceBook, found: Repriced) -> Entry | None:
    """What makes `before`, the cost as it stands, the one that it should be."""
    figures = found.models[entry.model]
    figures.calls += 1
    figures.before_nano += before
    figures.after_nano += before
    if entry.reference or not entry.usage:
        figures.kept += 1
        return None
    price = book.at(entry.model, entry.occurred_at)
    if price is None:
        figures.unpriced += 1
        return None
    difference = cost(usage_of(entry.usage), price.rates) - before
    if difference == 0:
        return None
    figures.changed += 1
    figures.after_nano += difference
    reference = f"reprice:{price.id}"
    return follow(entry, kind="adjust", amount_nano=difference, reference=reference, price_version_id=price.id)


def _adjusted(batch: Sequence[LedgerEntry]) -> dict[Attempt, int]:
    """What was added to each call before."""
    traces: Any = {entry.trace_id for entry in batch}
    rows = LedgerEntry.objects.filter(project=batch[0].project_id, kind="adjust").of_traces(traces)
    sums = rows.values_list("trace_id", "span_id").annotate(sum=Sum("amount_nano"))
    return {(trace_id, span_id): int(nano) for trace_id, span_id, nano in sums}
