"""Invoices held against the ledger, and calls that are settled from them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.billing.domain.invoice_csv import BadInvoice
from apps.billing.engine.repricing import reprice
from apps.billing.models import Invoice, InvoiceLine, LedgerEntry, OpenReserve, SpendHour
from apps.billing.queries import unsettled_of
from apps.billing.queries.comparing import compare
from apps.billing.services import remove_invoice, settle_from_invoice, upload_invoice
from llmkit import clock
from tests.factories.accounts import make_member, make_project
from tests.factories.billing import ledger, make_ledger_record, reserve, spend
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def noon(days_ago=1):
    return datetime.combine(clock.now().date() - timedelta(days=days_ago), datetime.min.time(), UTC) + timedelta(
        hours=12
    )


def upload(project, *lines, **options):
    return upload_invoice(actor=Actor(), project=project, name="march.csv", data="\n".join(lines).encode(), **options)


def per_request(project, *calls, **options):
    """calls: (id, dollars)"""
    lines = [f"{noon():%Y-%m-%d},{request},{dollars}" for request, dollars in calls]
    return upload(project, "date,request_id,amount", *lines, **options)


def settle(invoice, **options):
    return settle_from_invoice(actor=Actor(), invoice=invoice, **options)


def dollars(amount):
    return round(amount * 10**9)


def spent(project):
    return sum(hour.amount_nano for hour in SpendHour.objects.for_project(project).along("total"))


def test_an_invoice_is_taken_in_with_its_lines(project):
    user = make_member(project)
    data = b"date,model,amount\n2026-01-31,tiny,1.5\n2026-01-02,tiny,-0.5"
    invoice = upload_invoice(actor=Actor(user=user), project=project, name="a\0.csv", data=data)
    assert (invoice.name, invoice.kind, invoice.line_count, invoice.amount_nano) == ("a.csv", "days", 2, dollars(1))
    assert (f"{invoice.first_day}", f"{invoice.last_day}") == ("2026-01-02", "2026-01-31")
    assert InvoiceLine.objects.filter(invoice=invoice).count() == 2
    assert AuditEvent.objects.get(action="invoice.uploaded").actor == user


def test_a_bad_file_leaves_nothing(project):
    with pytest.raises(BadInvoice, match='Line 3, column "amount"'):
        upload(project, "date,amount", "2026-01-31,1", "2026-01-31,much")
    assert not Invoice.objects.exists()


def test_an_invoice_of_an_unknown_provider_is_refused(project):
    make_provider(make_project(), name="acme")
    with pytest.raises(ValidationError, match="no provider called acme"):
        upload(project, "date,amount", "2026-01-31,1", provider="acme")


def test_days_and_models_are_compared_under_one_name(project):
    model = make_model(make_provider(project, name="acme"), name="smart", upstream_name="gpt-4o")
    make_model(model.provider, name="alias", upstream_name="gpt-4o")
    other = make_model(make_provider(project), name="elsewhere")
    for name, amount in (("smart", 1.0), ("alias", 0.5), (other.name, 99)):
        spend(project, dollars(amount), model=name, at=noon(2))
    spend(project, dollars(2), model="smart", at=noon(1))
    invoice = upload(
        project,
        "date,model,amount",
        f"{noon(2):%Y-%m-%d},gpt-4o-2024-08-06,1.8",
        f"{noon(1):%Y-%m-%d},gpt-4o,2",
        f"{noon(1):%Y-%m-%d},o9,0.1",
        provider="acme",
    )

    found = compare(invoice)

    assert [(row.model, row.invoice_nano, row.ledger_nano) for row in found.models] == [
        ("gpt-4o", dollars(3.8), dollars(3.5)),
        ("o9", dollars(0.1), 0),
    ]
    assert [(row.day, row.model, row.difference_nano) for row in found.days] == [
        (noon(2).date(), "gpt-4o", dollars(0.3)),
        (noon(1).date(), "o9", dollars(0.1)),
        (noon(1).date(), "gpt-4o", 0),
    ]
    assert found.whole.difference_nano == dollars(0.4)
    assert found.days[0].share == pytest.approx(0.3 / 1.8)
    assert found.days[1].share == 1


def test_what_the_invoice_does_not_bill_shows_as_well(project):
    spend(project, dollars(1), model="tiny", at=noon(1))
    invoice = upload(project, "date,model,amount", f"{noon(1):%Y-%m-%d},other,0")
    (largest, _) = compare(invoice).days
    assert (largest.model, largest.difference_nano, largest.share) == ("tiny", -dollars(1), None)


def test_open_calls_are_settled_at_what_the_invoice_says(project):
    open_call = reserve(project, dollars(1), at=noon(), user="ada")
    invoice = per_request(project, (f"{open_call.trace_id}:{open_call.span_id}", "0.25"))

    outcome = settle(invoice)

    assert (outcome.settled, outcome.settled_nano, outcome.unknown) == (1, dollars(0.25), 0)
    entry = LedgerEntry.objects.get(kind="settle")
    assert (entry.amount_nano, entry.reference, entry.end_user) == (dollars(0.25), invoice.reference, "ada")
    assert (entry.occurred_at, entry.estimated) == (noon(), False)
    assert not OpenReserve.objects.exists()
    assert spent(project) == dollars(0.25)


def test_settling_twice_changes_nothing(project):
    open_call = reserve(project, at=noon())
    invoice = per_request(project, (open_call.trace_id, "0.25"))
    settle(invoice)
    again = settle(invoice)
    assert (again.settled, again.agreeing) == (0, 1)
    assert spent(project) == dollars(0.25)


def test_a_late_settle_of_the_gateway_counts_nothing_twice(project):
    open_call = reserve(project, at=noon())
    settle(per_request(project, (open_call.trace_id, "0.25")))
    assert ledger(make_ledger_record(project, trace_id=open_call.trace_id, span_id=open_call.span_id)) == 0
    assert spent(project) == dollars(0.25)


def test_lines_of_one_request_are_added_up_with_their_tokens(project):
    open_call = reserve(project, at=noon())
    day = f"{noon():%Y-%m-%d}"
    invoice = upload(
        project,
        "date,span_id,amount,input_tokens,output_tokens",
        f"{day},{open_call.span_id},0.2,100,",
        f"{day},{open_call.span_id},0.1,,7",
    )
    settle(invoice)
    entry = LedgerEntry.objects.get(kind="settle")
    assert (entry.amount_nano, entry.input_tokens, entry.output_tokens) == (dollars(0.3), 100, 7)


def test_settled_calls_are_compared_adjustments_included(project):
    agreed, other = (
        spend(project, dollars(1), at=noon()),
        spend(project, dollars(2), at=noon(), response_id="chatcmpl-9"),
    )
    invoice = per_request(project, (agreed.span_id, "1"), ("chatcmpl-9", "2.5"), ("chatcmpl-8", "7"))
    outcome = settle(invoice)
    assert (outcome.agreeing, outcome.differing, outcome.difference_nano) == (1, 1, dollars(0.5))
    assert (outcome.unknown, outcome.unknown_nano) == (1, dollars(7))
    assert LedgerEntry.objects.get(trace_id=other.trace_id).amount_nano == dollars(2)


def test_a_trace_with_several_calls_is_settled_only_where_one_is_open(project):
    first = reserve(project, at=noon())
    spend(project, trace_id=first.trace_id, at=noon())
    assert settle(per_request(project, (first.trace_id, "0.25"))).settled == 1
    second = reserve(project, at=noon())
    reserve(project, trace_id=second.trace_id, at=noon())
    assert settle(per_request(project, (second.trace_id, "0.25"))).ambiguous == 1
    assert unsettled_of(project).count() == 2


def test_calls_that_are_not_billed_are_released_if_that_is_wished(project):
    make_provider(project, name="acme")
    billed, unbilled = (reserve(project, dollars(1), at=noon(), provider="acme") for _ in range(2))
    elsewhere = reserve(project, at=noon(), provider="other")
    earlier = reserve(project, at=noon(9), provider="acme")
    young = reserve(project, provider="acme", at=clock.now() - timedelta(minutes=1))
    invoice = per_request(project, (billed.trace_id, "0.25"), provider="acme")

    assert settle(invoice).released == 0
    outcome = settle(invoice, release_missing=True)

    assert (outcome.released, outcome.released_nano) == (1, dollars(1))
    assert LedgerEntry.objects.get(kind="release").trace_id.hex == unbilled.trace_id
    left = {each.trace_id.hex for each in OpenReserve.objects.open()}
    assert left == {call.trace_id for call in (elsewhere, earlier, young)}
    assert settle(invoice, release_missing=True).released == 0


def test_what_several_calls_may_be_meant_by_is_not_released(project):
    call = reserve(project, at=noon())
    reserve(project, trace_id=call.trace_id, at=noon())
    assert settle(per_request(project, (call.trace_id, "1")), release_missing=True).released == 0


def test_sums_of_days_settle_nothing(project):
    with pytest.raises(ValidationError, match="line per request"):
        settle(upload(project, "date,amount", "2026-01-31,1"))


def test_settling_is_audited_and_kept_with_the_invoice(project):
    user, call = make_member(project), reserve(project, at=noon())
    invoice = per_request(project, (call.trace_id, "0.25"))
    settle_from_invoice(actor=Actor(user=user), invoice=invoice)
    invoice.refresh_from_db()
    assert invoice.outcome["settled"] == 1
    event = AuditEvent.objects.get(action="invoice.settled")
    assert (event.actor, event.detail["settled_nano"]) == (user, dollars(0.25))


def test_an_invoice_never_reaches_another_projects_calls(project):
    other = make_project()
    theirs = reserve(other, at=noon())
    settled = spend(other, dollars(1), at=noon(), response_id="chatcmpl-1")
    invoice = per_request(project, (theirs.trace_id, "1"), (settled.span_id, "1"), ("chatcmpl-1", "1"))
    assert settle(invoice, release_missing=True).unknown == 3
    assert unsettled_of(other).count() == 1
    assert compare(invoice).whole.ledger_nano == 0


def test_what_an_invoice_settled_is_not_priced_again(project):
    model = make_model(make_provider(project), name="tiny", input_nano=10**12, output_nano=10**12)
    call = reserve(project, at=noon(), model=model.name)
    day = f"{noon():%Y-%m-%d}"
    settle(upload(project, "date,trace_id,amount,input_tokens", f"{day},{call.trace_id},0.25,100"))
    found = reprice(project, noon(3), clock.now())
    assert (found.whole.kept, found.whole.changed) == (1, 0)


def test_many_requests_are_settled_in_batches(project, monkeypatch):
    monkeypatch.setattr("apps.billing.engine.settling.BATCH", 2)
    calls = [reserve(project, at=noon()) for _ in range(5)]
    assert settle(per_request(project, *((call.trace_id, "0.1") for call in calls))).settled == 5


def test_an_invoice_is_removed_unless_entries_refer_to_it(project):
    gone, kept = upload(project, "date,amount", "2026-01-31,1"), per_request(project, ("x", "1"))
    settle(kept)
    remove_invoice(actor=Actor(), invoice=gone)
    with pytest.raises(ValidationError, match="has to stay"):
        remove_invoice(actor=Actor(), invoice=kept)
    assert [invoice.id for invoice in Invoice.objects.all()] == [kept.id]
