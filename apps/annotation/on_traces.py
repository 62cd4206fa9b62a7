"""What annotators said about a trace: in its JSON and on its page."""

import uuid
from typing import Any

from apps.accounts.models import Project
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.queries import items_of_trace


def annotation(project: Project, trace_id: uuid.UUID) -> list[dict[str, Any]]:
    return [_as_json(item) for item in items_of_trace(project, trace_id)]


def panel(project: Project, trace_id: uuid.UUID) -> dict[str, Any]:
    items = items_of_trace(project, trace_id)
    queues = AnnotationQueue.objects.for_project(project).exclude(id__in=[item.queue_id for item in items])
    return {"items": items, "queues": queues.order_by("name")}


def _as_json(item: AnnotationItem) -> dict[str, Any]:
    return {
        "item_id": str(item.id),
        "queue": item.queue.name,
        "state": item.state,
        "reason": item.reason,
        "answers": [
            {"annotator": str(given.annotator_id), "answer": given.answer, "answered_at": given.answered_at.isoformat()}
            for given in item.given  # type: ignore[attr-defined]  # prefetched
        ],
        "accepted": item.resolution,
        "dataset_version": str(item.version) if item.version else None,
    }
