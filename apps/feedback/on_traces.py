"""What feedback adds to a trace: in its JSON, on its page and in the list."""

import uuid
from collections.abc import Sequence
from typing import Any

from apps.accounts.models import Project
from apps.feedback.models import Feedback
from apps.feedback.queries import feedback_of_trace, feedback_of_traces
from apps.tracing.services import Mark


def annotation(project: Project, trace_id: uuid.UUID) -> list[dict[str, Any]]:
    return [
        {
            "id": str(given.id),
            "score": given.score,
            "label": given.label,
            "comment": given.comment,
            "user": given.end_user,
            "source": given.source,
            "created_at": given.created_at.isoformat(),
            "updated_at": given.updated_at.isoformat(),
        }
        for given in feedback_of_trace(project, trace_id)
    ]


def panel(project: Project, trace_id: uuid.UUID) -> dict[str, Any]:
    return {"project": project, "trace_id": trace_id, "feedback": feedback_of_trace(project, trace_id)}


def marks(project: Project, trace_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Mark]]:
    return {
        trace_id: [mark_of(given) for given in found]
        for trace_id, found in feedback_of_traces(project, trace_ids).items()
    }


def mark_of(given: Feedback) -> Mark:
    title = given.comment or given.label or "Feedback"
    if given.score is None or given.score == 0:
        return Mark("feedback", title)
    return Mark("feedback", title, "ok") if given.score > 0 else Mark("thumb-down", title, "bad")
