"""Taking in what people think of an answer."""

import uuid
from datetime import timedelta

from django.db import transaction

from apps.accounts.models import ApiKey, Project
from apps.feedback.domain.judgement import Judgement
from apps.feedback.models import Feedback
from apps.feedback.signals import feedback_given
from apps.tracing.models import Span
from llmkit import clock

# How far back a trace may be judged; also what keeps the search for it to a few partitions.
OPEN_FOR = timedelta(days=30)


def trace_exists(*, project: Project, trace_id: uuid.UUID) -> bool:
    """Whether the project has stored a span of this trace within the time in which it may be judged."""
    now = clock.now()
    spans = Span.objects.for_project(project).between(now - OPEN_FOR, now + timedelta(hours=1))
    return spans.filter(trace_id=trace_id).exists()


@transaction.atomic
def give_feedback(
    *,
    project: Project,
    trace_id: uuid.UUID,
    judgement: Judgement,
    source: Feedback.Source,
    end_user: str = "",
    key: ApiKey | None = None,
) -> Feedback:
    """Store a person's judgement of a trace, replacing the one they gave before."""
    feedback, _ = Feedback.objects.update_or_create(
        project=project,
        trace_id=trace_id,
        end_user=end_user,
        defaults={
            "score": judgement.score,
            "label": judgement.label,
            "comment": judgement.comment,
            "source": source,
            "key": key,
        },
    )
    transaction.on_commit(lambda: feedback_given.send(sender=Feedback, feedback_id=feedback.id))
    return feedback
