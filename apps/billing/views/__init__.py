from apps.billing.views.invoices import invoice, invoices, new_invoice, remove, settle
from apps.billing.views.repricing import new_repricing, repricing, repricings
from apps.billing.views.spend import export, spend, unsettled

__all__ = [
    "export",
    "invoice",
    "invoices",
    "new_invoice",
    "new_repricing",
    "remove",
    "repricing",
    "repricings",
    "settle",
    "spend",
    "unsettled",
]
