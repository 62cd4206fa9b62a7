"""What other apps ask of annotation: queues, what goes into them, and what comes out."""

from apps.annotation.services.filling import enqueue_trace, fill_from_confidence, fill_from_feedback
from apps.annotation.services.publishing import publish_answers
from apps.annotation.services.queues import create_queue
from apps.annotation.services.settling import decide_item, drop_item
from apps.annotation.services.working import claim_next, release_item, skip_item, submit_answer

__all__ = [
    "claim_next",
    "create_queue",
    "decide_item",
    "drop_item",
    "enqueue_trace",
    "fill_from_confidence",
    "fill_from_feedback",
    "publish_answers",
    "release_item",
    "skip_item",
    "submit_answer",
]
