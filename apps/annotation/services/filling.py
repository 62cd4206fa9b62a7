"""Putting traces into queues."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.feedback.models import Feedback
from apps.tracing.domain.window import AHEAD
from apps.tracing.models import SpanPayload
from apps.tracing.queries import Spoken, spoken_of_trace
from llmkit import clock
from llmkit.telemetry import CONFIDENCE

Reason = AnnotationItem.Reason
# What somebody asked for comes first, then what customers complained about.
PRIORITIES = {Reason.MANUAL: 3, Reason.FEEDBACK: 2, Reason.CONFIDENCE: 1}
# No queue is filled with more at once: nobody works through it in a day.
MOST_AT_ONCE = 1000


def enqueue_trace(
    *,
    queue: AnnotationQueue,
    trace_id: uuid.UUID,
    reason: AnnotationItem.Reason,
    feedback: Feedback | None = None,
    note: str = "",
) -> AnnotationItem | None:
    """The item of this trace in the queue, made unless it is there; None when the trace has nothing to show.

    A complaint about a trace that waits already for another reason is noted on its item and moves it forward.
    """
    found = AnnotationItem.objects.filter(queue=queue, trace_id=trace_id).first()
    if found is not None:
        return _note_complaint(found, feedback, note) if feedback else found
    said = spoken_of_trace(queue.project, trace_id)
    return _put(queue, trace_id, said, reason, feedback, note) if said else None


def fill_from_feedback(*, queue: AnnotationQueue, since: datetime) -> int:
    """Queue what customers called bad since then; how many items are new."""
    complaints = Feedback.objects.for_project(queue.project).filter(score__lt=0, updated_at__gte=since)
    news = complaints.exclude(trace_id__in=queue.items.values("trace_id")).order_by("created_at")[:MOST_AT_ONCE]
    by_trace = {feedback.trace_id: feedback for feedback in news}
    made = [
        enqueue_trace(queue=queue, trace_id=trace_id, reason=Reason.FEEDBACK, feedback=feedback, note=feedback.comment)
        for trace_id, feedback in by_trace.items()
    ]
    return sum(item is not None for item in made)


def fill_from_confidence(*, queue: AnnotationQueue, since: datetime, below: float, limit: int = 100) -> int:
    """Queue the traces since then whose model was less sure than `below`, the least sure first; how many are new."""
    payloads = SpanPayload.objects.for_project(queue.project).between(since, clock.now() + AHEAD)
    # Compared as JSON, where texts sort before numbers and lists after them: other values than numbers drop out.
    unsure = payloads.filter(**{f"attributes__{CONFIDENCE}__gte": 0, f"attributes__{CONFIDENCE}__lt": below})
    news = unsure.exclude(trace_id__in=queue.items.values("trace_id")).order_by(f"attributes__{CONFIDENCE}")
    rows = news.values_list("trace_id", f"attributes__{CONFIDENCE}")[: limit * 4]
    made = 0
    for trace_id, confidence in _first_of_each(rows):
        if made >= limit:
            break
        note = f"The model's confidence was {confidence:.2f}."
        made += enqueue_trace(queue=queue, trace_id=trace_id, reason=Reason.CONFIDENCE, note=note) is not None
    return made


def _first_of_each(rows: Iterable[tuple[uuid.UUID, float]]) -> list[tuple[uuid.UUID, float]]:
    seen: dict[uuid.UUID, float] = {}
    for trace_id, confidence in rows:
        seen.setdefault(trace_id, confidence)
    return list(seen.items())


def _put(
    queue: AnnotationQueue,
    trace_id: uuid.UUID,
    said: Spoken,
    reason: AnnotationItem.Reason,
    feedback: Feedback | None,
    note: str,
) -> AnnotationItem:
    item, _ = AnnotationItem.objects.get_or_create(
        queue=queue,
        trace_id=trace_id,
        defaults={
            "conversation": said.messages,
            "answer": said.answer,
            "reason": reason,
            "feedback_id": feedback.id if feedback else None,
            "note": note,
            "priority": PRIORITIES[reason],
        },
    )
    return item


@transaction.atomic
def _note_complaint(item: AnnotationItem, feedback: Feedback, note: str) -> AnnotationItem:
    locked = AnnotationItem.objects.select_for_update(of=("self",)).get(id=item.id)
    if locked.feedback_id is None:
        locked.feedback_id = feedback.id
        locked.priority = max(locked.priority, PRIORITIES[Reason.FEEDBACK])
        locked.note = "\n".join(filter(None, [locked.note, note]))
        locked.save(update_fields=["feedback_id", "priority", "note"])
    return locked
