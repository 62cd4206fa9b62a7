from apps.annotation.views.items import decide, drop, item
from apps.annotation.views.queues import (
    add_trace,
    fill_with_confidence,
    fill_with_feedback,
    new_queue,
    publish,
    queue,
    queues,
)
from apps.annotation.views.working import leave, skip, submit, work

__all__ = [
    "add_trace",
    "decide",
    "drop",
    "fill_with_confidence",
    "fill_with_feedback",
    "item",
    "leave",
    "new_queue",
    "publish",
    "queue",
    "queues",
    "skip",
    "submit",
    "work",
]
