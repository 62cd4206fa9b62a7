"""What people and other apps ask of billing."""

from apps.billing.queries import Spent, spent_since
from apps.billing.services.invoices import remove_invoice, settle_from_invoice, upload_invoice
from apps.billing.services.repricing import reprice_now, start_repricing

__all__ = [
    "Spent",
    "remove_invoice",
    "reprice_now",
    "settle_from_invoice",
    "spent_since",
    "start_repricing",
    "upload_invoice",
]
