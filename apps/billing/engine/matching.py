"""Finding the calls of the ledger that the lines of an invoice are about."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q

from apps.billing.domain.cells import RequestIds
from apps.billing.models import Invoice, LedgerEntry

# Providers write the time of the end, in zones of their own.
MARGIN = timedelta(days=2)


@dataclass
class Call:
    """One attempt. cost_nano: as it stands, adjustments included; None while it is not settled."""

    reserve: LedgerEntry | None = None
    settle: LedgerEntry | None = None
    released: bool = False
    adjusted_nano: int = 0

    @property
    def open(self) -> bool:
        return self.reserve is not None and self.settle is None and not self.released

    @property
    def cost_nano(self) -> int | None:
        return None if self.settle is None else self.settle.amount_nano + self.adjusted_nano


class Calls:
    """Those of a batch of requests, to be asked for by each request's ids."""

    def __init__(self, invoice: Invoice, requests: Sequence[RequestIds]) -> None:
        self._by_attempt: dict[tuple[UUID, str], Call] = defaultdict(Call)
        self._by_id: dict[UUID | str, set[tuple[UUID, str]]] = defaultdict(set)
        for entry in _entries(invoice, requests):
            self._note(entry)

    def of(self, ids: RequestIds) -> list[Call]:
        """None for a request that the ledger does not know; several where its ids don't tell them apart."""
        if ids.trace_id and ids.span_id:
            attempt = (ids.trace_id, ids.span_id)
            return [self._by_attempt[attempt]] if attempt in self._by_attempt else []
        found = [
            self._by_attempt[attempt] for attempt in self._by_id.get(ids.trace_id or ids.span_id or ids.response_id, ())
        ]
        for narrower in ([call for call in found if call.open], [call for call in found if call.settle]):
            if len(narrower) == 1:
                return narrower
        return found

    def _note(self, entry: LedgerEntry) -> None:
        attempt = (entry.trace_id, entry.span_id)
        call = self._by_attempt[attempt]
        if entry.kind == LedgerEntry.Kind.RESERVE:
            call.reserve = entry
        elif entry.kind == LedgerEntry.Kind.SETTLE:
            call.settle = entry
        elif entry.kind == LedgerEntry.Kind.RELEASE:
            call.released = True
        elif entry.kind == LedgerEntry.Kind.ADJUST:
            call.adjusted_nano += entry.amount_nano
        for known in (entry.trace_id, entry.span_id, entry.response_id):
            if known:
                self._by_id[known].add(attempt)


def _entries(invoice: Invoice, requests: Sequence[RequestIds]) -> Iterable[LedgerEntry]:
    """Everything of the attempts that the requests name, found by one id after the other."""
    entries = LedgerEntry.objects.for_project(invoice.project).exclude(kind=LedgerEntry.Kind.CACHE_HIT)
    traces = {ids.trace_id for ids in requests if ids.trace_id}
    spans = {ids.span_id for ids in requests if ids.span_id and not ids.trace_id}
    answers = {ids.response_id for ids in requests if ids.response_id}
    if spans or answers:
        start = datetime.combine(invoice.first_day, time(), tzinfo=UTC) - MARGIN
        end = datetime.combine(invoice.last_day, time(), tzinfo=UTC) + MARGIN
        named = Q(span_id__in=spans) | Q(response_id__in=answers) & ~Q(response_id="")
        traces |= set(entries.between(start, end).filter(named).values_list("trace_id", flat=True))
    return entries.of_traces(traces) if traces else ()
