"""What pages, budgets and the API read of the ledger."""

from apps.billing.queries.comparing import Compared, Comparison, compare, invoices_of
from apps.billing.queries.entries import LedgerFilter, LedgerPage, list_entries
from apps.billing.queries.repricings import repricings_of
from apps.billing.queries.spending import MOST_ROWS, Course, SpendRow, course, spent_by, spent_per_hour, totals
from apps.billing.queries.spent import Spent, spent_since
from apps.billing.queries.unsettled import SETTLES_WITHIN, Unsettled, unsettled_of, unsettled_sum

__all__ = [
    "MOST_ROWS",
    "SETTLES_WITHIN",
    "Compared",
    "Comparison",
    "Course",
    "LedgerFilter",
    "LedgerPage",
    "SpendRow",
    "Spent",
    "Unsettled",
    "compare",
    "course",
    "invoices_of",
    "list_entries",
    "repricings_of",
    "spent_by",
    "spent_per_hour",
    "spent_since",
    "totals",
    "unsettled_of",
    "unsettled_sum",
]
