"""From judged traces to work for annotators."""

import uuid
from datetime import datetime, timedelta

from apps.accounts.models import Project
from apps.annotation.models import AnnotationItem
from apps.annotation.services import enqueue_trace
from apps.feedback.models import Feedback
from apps.pipelines.models import Wheel
from apps.tracing.domain.window import AHEAD
from apps.tracing.models import Span, SpanQuerySet
from llmkit import clock

# What was missed while the broker was away is found again if it was given within this time.
LOOK_BACK = timedelta(days=2)
JUDGED_WITHIN = timedelta(days=31)
MOST_AT_ONCE = 1000


def collect_feedback(*, feedback_id: uuid.UUID) -> AnnotationItem | None:
    """A trace that somebody called bad goes to the queue of its route's wheel; None when it has none."""
    feedback = Feedback.objects.select_related("project").get(id=feedback_id)
    if feedback.score is None or feedback.score >= 0:
        return None
    wheel = _wheel_of(feedback.project, feedback.trace_id, feedback.created_at)
    if wheel is None:
        return None
    return enqueue_trace(
        queue=wheel.queue,
        trace_id=feedback.trace_id,
        reason=AnnotationItem.Reason.FEEDBACK,
        feedback=feedback,
        note=feedback.comment,
    )


def collect_recent() -> int:
    """Collect what the news of single thumbs has missed; how many traces it was."""
    return sum(_collect_missed(wheel) for wheel in Wheel.objects.select_related("project", "route", "queue"))


def _collect_missed(wheel: Wheel) -> int:
    """A trace counts once, however many people complain of it: the first complaint is noted on its item.

    A wheel that gets another queue does not ask again for what was collected into the one before.
    """
    since = clock.now() - LOOK_BACK
    noted = AnnotationItem.objects.for_project(wheel.project).exclude(feedback_id=None).values("trace_id")
    bad = Feedback.objects.for_project(wheel.project).filter(score__lt=0, updated_at__gte=since)
    # The newest first: what can't be collected, of a route without a wheel, never keeps them waiting.
    missed = bad.exclude(trace_id__in=noted).order_by("-updated_at")[:MOST_AT_ONCE]
    first = {feedback.trace_id: feedback.id for feedback in missed}
    entries = _entries(wheel.project, since).filter(route=wheel.route.name, trace_id__in=first)
    found = set(entries.values_list("trace_id", flat=True))
    return sum(collect_feedback(feedback_id=first[trace_id]) is not None for trace_id in found)


def _entries(project: Project, judged_at: datetime) -> SpanQuerySet:
    """The requests that somebody could have judged from then on."""
    return Span.objects.for_project(project).between(judged_at - JUDGED_WITHIN, clock.now() + AHEAD).entries()


def _wheel_of(project: Project, trace_id: uuid.UUID, judged_at: datetime) -> Wheel | None:
    routes = _entries(project, judged_at).filter(trace_id=trace_id).values_list("route", flat=True)[:1]
    wheels = Wheel.objects.for_project(project).filter(route__name__in=list(routes))
    return wheels.select_related("queue__project").first()
