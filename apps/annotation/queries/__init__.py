"""What pages read about annotation."""

from apps.annotation.queries.agreement import agreement_of, compared_items
from apps.annotation.queries.comparing import Comparison, accepted_lines, comparison_of
from apps.annotation.queries.figures import QueueFigures, queue_figures
from apps.annotation.queries.items import ItemPage, came_late, items_of, items_of_trace, list_items
from apps.annotation.queries.progress import Progress, Share, answers_by, progress_of, queues_of, shares_of

__all__ = [
    "Comparison",
    "ItemPage",
    "Progress",
    "QueueFigures",
    "Share",
    "accepted_lines",
    "agreement_of",
    "answers_by",
    "came_late",
    "compared_items",
    "comparison_of",
    "items_of",
    "items_of_trace",
    "list_items",
    "progress_of",
    "queue_figures",
    "queues_of",
    "shares_of",
]
