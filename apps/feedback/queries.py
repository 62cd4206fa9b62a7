"""What the pages read about feedback."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from apps.accounts.models import ApiKey, Project
from apps.feedback.models import Feedback
from llmkit import clock

PAGE = 50


@dataclass(frozen=True)
class FeedbackFigures:
    total: int
    good: int
    bad: int

    @property
    def good_share(self) -> float | None:
        """Share of good among those that are either; None while there are none."""
        judged = self.good + self.bad
        return self.good / judged if judged else None


@dataclass(frozen=True)
class FeedbackPage:
    rows: list[Feedback]
    next_cursor: str


def feedback_figures(project: Project, start: datetime, end: datetime) -> FeedbackFigures:
    given = Feedback.objects.for_project(project).filter(created_at__gte=start, created_at__lt=end)
    return FeedbackFigures(
        **given.aggregate(
            total=Count("id"), good=Count("id", filter=Q(score__gt=0)), bad=Count("id", filter=Q(score__lt=0))
        )
    )


def list_feedback(project: Project, *, kind: str = "", cursor: str = "") -> FeedbackPage:
    """Newest first; `kind` is good, bad, comment or empty; `cursor` is the id of the last row seen."""
    rows = Feedback.objects.for_project(project).order_by("-id")
    rows = {
        "good": rows.filter(score__gt=0),
        "bad": rows.filter(score__lt=0),
        "comment": rows.exclude(comment=""),
    }.get(kind, rows)
    if cursor:
        rows = rows.filter(id__lt=uuid.UUID(cursor))
    found = list(rows[: PAGE + 1])
    return FeedbackPage(rows=found[:PAGE], next_cursor=str(found[PAGE - 1].id) if len(found) > PAGE else "")


def feedback_of_trace(project: Project, trace_id: uuid.UUID) -> list[Feedback]:
    return list(Feedback.objects.for_project(project).for_trace(trace_id).order_by("created_at"))


def feedback_of_traces(project: Project, trace_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Feedback]]:
    """The feedback of many traces in one query, by trace."""
    found: dict[uuid.UUID, list[Feedback]] = {}
    for feedback in Feedback.objects.for_project(project).filter(trace_id__in=list(trace_ids)).order_by("created_at"):
        found.setdefault(feedback.trace_id, []).append(feedback)
    return found


def widget_snippet(project: Project, origin: str) -> str:
    """The lines that put the widget into a page, with the project's own public key where it has one."""
    keys = ApiKey.objects.for_project(project).usable(clock.now()).filter(kind=ApiKey.Kind.PUBLIC)
    key = keys.order_by("created_at").values_list("public_text", flat=True).first() or "YOUR-PUBLIC-KEY"
    return (
        f'<script type="module" src="{origin}/widget/v1.js"></script>\n'
        "<!-- trace-id: the header x-flywheel-trace-id of the gateway's answer -->\n"
        f'<flywheel-feedback trace-id="…" public-key="{key}" user="your-user-id"></flywheel-feedback>\n'
    )
