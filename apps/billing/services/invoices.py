"""Invoices of providers: taken in, and used to end what the ledger could not end by itself."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.billing.domain.cells import label
from apps.billing.domain.invoice_csv import InvoiceLineRow, parse_invoice
from apps.billing.domain.outcome import Outcome
from apps.billing.engine import settling
from apps.billing.models import Invoice, InvoiceLine
from llmkit import clock

BATCH = 5000


def upload_invoice(*, actor: Actor, project: Project, name: str, data: bytes, provider: str = "") -> Invoice:
    """Take in a CSV file, all of it or nothing; BadInvoice says what is wrong with it.

    provider: whose it is, as the catalogue names it; empty when it may be of several.
    """
    if provider and not project.providers.filter(name=provider).exists():
        raise ValidationError({"provider": f"This project has no provider called {provider}."})
    found = parse_invoice(data)
    with transaction.atomic():
        invoice = Invoice.objects.create(
            project=project,
            name=label(name) or "invoice",
            provider=provider,
            kind=Invoice.Kind.REQUESTS if found.per_request else Invoice.Kind.DAYS,
            first_day=min(row.day for row in found.rows),
            last_day=max(row.day for row in found.rows),
            amount_nano=sum(row.amount_nano for row in found.rows),
            line_count=len(found.rows),
            uploaded_by=actor.user,
        )
        InvoiceLine.objects.bulk_create((_line(invoice, row) for row in found.rows), batch_size=BATCH)
        record_change(actor=actor, action="invoice.uploaded", target=str(invoice), project=project)
    return invoice


def settle_from_invoice(*, actor: Actor, invoice: Invoice, release_missing: bool = False) -> Outcome:
    """End calls of which the ledger doesn't know what they cost, by what the invoice says.

    release_missing: also release those of its days that it does not bill. Done again, it changes nothing.
    """
    if invoice.kind != Invoice.Kind.REQUESTS:
        raise ValidationError("Only an invoice with a line per request can settle calls.")
    outcome = settling.settle(invoice, release_missing=release_missing)
    with transaction.atomic():
        invoice.mark_settled(clock.now(), outcome.as_json())
        detail = {"release_missing": release_missing, **outcome.as_json()}
        record_change(
            actor=actor, action="invoice.settled", target=str(invoice), project=invoice.project, detail=detail
        )
    return outcome


def remove_invoice(*, actor: Actor, invoice: Invoice) -> None:
    """Forget an invoice; ValidationError when entries of the ledger refer to it."""
    if invoice.settled_at is not None:
        raise ValidationError("Calls were settled from this invoice, so that it has to stay.")
    with transaction.atomic():
        record_change(actor=actor, action="invoice.removed", target=str(invoice), project=invoice.project)
        invoice.delete()


def _line(invoice: Invoice, row: InvoiceLineRow) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        number=row.number,
        day=row.day,
        model=row.model,
        amount_nano=row.amount_nano,
        trace_id=row.ids.trace_id,
        span_id=row.ids.span_id,
        response_id=row.ids.response_id,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
    )
