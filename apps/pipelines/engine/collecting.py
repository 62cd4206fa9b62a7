"""From judged traces to work for annotators."""

import uuid
from datetime import datetime, timedelta

from apps.accounts.models import Project
from apps.annotation.models import AnnotationItem
from apps.annotation.services import enqueue_trace
from apps.feedback.models import Feedback
from apps.pipelines.models import Wheel
from apps.tracing.models import Span
from llmkit import clock

# What was missed while the broker was away is found again if it was given within this time.
LOOK_BACK = timedelta(days=2)
JUDGED_WITHIN = timedelta(days=31)


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
    """Collect what the news of single thumbs has missed; how many items are new."""
    projects = Wheel.objects.values_list("project", flat=True)
    queued = AnnotationItem.objects.filter(queue__project__in=projects).values("feedback_id")
    recent = Feedback.objects.filter(project__in=projects, score__lt=0, updated_at__gte=clock.now() - LOOK_BACK)
    missed = recent.exclude(id__in=queued.exclude(feedback_id=None)).values_list("id", flat=True)
    return sum(collect_feedback(feedback_id=feedback_id) is not None for feedback_id in missed[:1000])


def _wheel_of(project: Project, trace_id: uuid.UUID, judged_at: datetime) -> Wheel | None:
    entries = Span.objects.for_project(project).between(judged_at - JUDGED_WITHIN, judged_at + timedelta(hours=1))
    routes = entries.entries().filter(trace_id=trace_id).values_list("route", flat=True)[:1]
    wheels = Wheel.objects.for_project(project).filter(route__name__in=list(routes))
    return wheels.select_related("queue__project").first()
