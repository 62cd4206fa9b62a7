"""An invoice held against the ledger, day by day and model by model."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import Project
from apps.billing.domain.model_names import ModelNames
from apps.billing.models import Invoice, SpendHour
from apps.billing.models.invoices import InvoiceQuerySet
from apps.serving.models import CatalogueModel

MOST_DIFFERENCES = 200


@dataclass
class Compared:
    """Nano-dollars of a model, or of a model on a day."""

    model: str = ""
    day: date | None = None
    invoice_nano: int = 0
    ledger_nano: int = 0

    @property
    def difference_nano(self) -> int:
        """What the invoice has more than the ledger."""
        return self.invoice_nano - self.ledger_nano

    @property
    def share(self) -> float | None:
        """Of the invoice's amount; None where it has none."""
        return self.difference_nano / self.invoice_nano if self.invoice_nano else None


@dataclass(frozen=True)
class Comparison:
    """whole: everything; models: the costliest first; days: by day and model, the largest difference first."""

    whole: Compared
    models: list[Compared]
    days: list[Compared]


def invoices_of(project: Project) -> InvoiceQuerySet:
    return Invoice.objects.for_project(project).select_related("uploaded_by").order_by("-id")


def compare(invoice: Invoice) -> Comparison:
    """Its days, against what the ledger has for the models of its provider; for all models, if that is not said."""
    names = _catalogue(invoice)
    rows: dict[tuple[date, str], Compared] = defaultdict(Compared)
    known = ModelNames(names)
    for day, model, nano in invoice.lines.values_list("day", "model").annotate(sum=Sum("amount_nano")):
        rows[day, known.of_invoice(model)].invoice_nano += int(nano)
    for day, model, nano in _spent(invoice, names):
        rows[day, known.of_ledger(model)].ledger_nano += int(nano)
    whole, models = Compared(), dict[str, Compared]()
    for (day, model), row in rows.items():
        row.day, row.model = day, model
        for sums in (whole, models.setdefault(model, Compared(model))):
            sums.invoice_nano += row.invoice_nano
            sums.ledger_nano += row.ledger_nano
    differing = sorted(rows.values(), key=lambda row: (-abs(row.difference_nano), str(row.day), row.model))
    costliest = sorted(models.values(), key=lambda row: (-max(row.invoice_nano, row.ledger_nano), row.model))
    return Comparison(whole, costliest, differing)


def _catalogue(invoice: Invoice) -> dict[str, str]:
    models = CatalogueModel.objects.for_project(invoice.project)
    if invoice.provider:
        models = models.filter(provider__name=invoice.provider)
    return dict(models.values_list("name", "upstream_name"))


def _spent(invoice: Invoice, names: Mapping[str, str]) -> list[tuple[date, str, int]]:
    start = datetime.combine(invoice.first_day, time(), tzinfo=UTC)
    end = datetime.combine(invoice.last_day + timedelta(days=1), time(), tzinfo=UTC)
    hours = SpendHour.objects.for_project(invoice.project).along("model").between(start, end)
    if invoice.provider:
        hours = hours.filter(value__in=names)
    days = hours.annotate(day=TruncDate("hour", tzinfo=UTC)).values_list("day", "value")
    return list(days.annotate(sum=Sum("amount_nano")).exclude(sum=0))
