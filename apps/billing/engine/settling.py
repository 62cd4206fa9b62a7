"""Ending reserves by what a provider's invoice says: it bills them, or it doesn't."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from apps.billing.domain.cells import RequestIds
from apps.billing.domain.entries import Entry
from apps.billing.domain.outcome import Outcome
from apps.billing.engine.following import follow
from apps.billing.engine.matching import Call, Calls
from apps.billing.engine.posting import post
from apps.billing.models import Invoice, LedgerEntry
from apps.billing.queries import unsettled_of
from apps.tracing.services import bulk
from llmkit.usage import Usage

BATCH = 2000
Attempts = set[tuple[UUID, str]]


@dataclass
class Billed:
    """What all lines of one request come to."""

    amount_nano: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


def settle(invoice: Invoice, *, release_missing: bool) -> Outcome:
    """Settle the open calls that the invoice bills, and release those of its days that it doesn't, if that is wished.

    A second time changes nothing.
    """
    outcome, seen = Outcome(), Attempts()
    requests = list(_billed(invoice).items())
    for first in range(0, len(requests), BATCH):
        batch = dict(requests[first : first + BATCH])
        entries = _settles(invoice, batch, outcome, seen)
        for entry in _post(invoice, entries):
            outcome.settled += 1
            outcome.settled_nano += entry.row.amount_nano
    if release_missing:
        _release_unbilled(invoice, seen, outcome)
    return outcome


def _post(invoice: Invoice, entries: Sequence[Entry]) -> list[Entry]:
    if not entries:
        return []
    with transaction.atomic():
        bulk.check_projects({invoice.project_id})
        return post(entries)


def _billed(invoice: Invoice) -> dict[RequestIds, Billed]:
    requests: dict[RequestIds, Billed] = {}
    for line in invoice.lines.order_by("number").iterator(chunk_size=BATCH):
        billed = requests.setdefault(RequestIds(line.trace_id, line.span_id, line.response_id), Billed())
        billed.amount_nano += line.amount_nano
        billed.input_tokens += line.input_tokens or 0
        billed.output_tokens += line.output_tokens or 0
    return requests


def _settles(invoice: Invoice, requests: Mapping[RequestIds, Billed], outcome: Outcome, seen: Attempts) -> list[Entry]:
    calls, entries = Calls(invoice, list(requests)), []
    for ids, billed in requests.items():
        found = calls.of(ids)
        seen |= {(call.reserve.trace_id, call.reserve.span_id) for call in found if call.reserve}
        if not found:
            outcome.unknown += 1
            outcome.unknown_nano += billed.amount_nano
        elif len(found) > 1:
            outcome.ambiguous += 1
        elif found[0].open and found[0].reserve is not None:
            entries.append(_settle(invoice, found[0].reserve, billed))
        else:
            _note_difference(found[0], billed, outcome)
    return entries


def _settle(invoice: Invoice, reserve: LedgerEntry, billed: Billed) -> Entry:
    usage = Usage(prompt_tokens=billed.input_tokens, completion_tokens=billed.output_tokens)
    return follow(
        reserve,
        kind="settle",
        amount_nano=max(billed.amount_nano, 0),
        reference=invoice.reference,
        usage=usage,
        estimated=False,
    )


def _note_difference(call: Call, billed: Billed, outcome: Outcome) -> None:
    difference = billed.amount_nano - (call.cost_nano or 0)
    outcome.difference_nano += difference
    if difference:
        outcome.differing += 1
    else:
        outcome.agreeing += 1


def _release_unbilled(invoice: Invoice, seen: Attempts, outcome: Outcome) -> None:
    start = datetime.combine(invoice.first_day, time(), tzinfo=UTC)
    end = datetime.combine(invoice.last_day, time(), tzinfo=UTC) + timedelta(days=1)
    unbilled = unsettled_of(invoice.project).begun_since(start).begun_before(end)
    if invoice.provider:
        unbilled = unbilled.filter(entry__provider=invoice.provider)
    reserves = [reserve for reserve in unbilled if (reserve.trace_id, reserve.span_id) not in seen]
    amounts = {(reserve.project_id, reserve.trace_id, reserve.span_id): reserve.amount_nano for reserve in reserves}
    releases = [
        follow(reserve.entry, kind="release", amount_nano=0, reference=invoice.reference) for reserve in reserves
    ]
    for entry in _post(invoice, releases):
        outcome.released += 1
        outcome.released_nano += amounts[entry.attempt]
