from apps.billing.models.entries import LedgerEntry, OpenReserve
from apps.billing.models.hours import SpendHour
from apps.billing.models.invoices import Invoice, InvoiceLine
from apps.billing.models.repricings import Repricing

__all__ = ["Invoice", "InvoiceLine", "LedgerEntry", "OpenReserve", "Repricing", "SpendHour"]
