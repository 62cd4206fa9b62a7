"""Answered traces, as examples are made of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from apps.accounts.models import Project
from apps.datasets.domain.rows import Row, prompt_key
from apps.datasets.models import DatasetVersion
from apps.datasets.queries import examples_of
from apps.feedback.models import Feedback
from apps.gateway.models import Route
from apps.tracing.domain.window import AHEAD, Window
from apps.tracing.models import Span
from apps.tracing.queries import Spoken, TraceFilter, spoken_in
from llmkit import clock

MOST_TRACES = 5_000


@dataclass(frozen=True)
class Answered:
    """A trace, what was said in it, and the feedback for which it was chosen."""

    spoken: Spoken
    feedback: Feedback | None

    def row(self, tags: Sequence[str] = ()) -> Row:
        """An example that learns the answer as it was given."""
        return Row(
            messages=[*self.spoken.messages, {"role": "assistant", "content": self.spoken.answer}],
            tags=list(tags),
            trace_id=self.spoken.span.trace_id,
            source=self._source(),
        )

    def _source(self) -> dict[str, Any]:
        if self.feedback is None:
            return {"kind": "trace"}
        return {"kind": "feedback", "feedback_id": str(self.feedback.id)}


def answered_traces(*, project: Project, chosen: TraceFilter, judged: str = "") -> list[Answered]:
    """Successful traces with what was said in them, oldest first.

    judged: good or bad, by feedback; "" takes all. ValidationError beyond MOST_TRACES.
    """
    spans, feedback = _newest(project, chosen, judged, MOST_TRACES + 1)
    if len(spans) > MOST_TRACES:
        raise ValidationError(f"More than {MOST_TRACES:,} traces fit: choose a shorter time or more filters.")
    return _answered(project, spans, feedback)


def praised_rows(*, project: Project, route: Route, since: datetime) -> list[Row]:
    """Answers of the route that people called good: as examples they keep a model from forgetting what it can.

    Of a busy route the newest ones; more teach no more.
    """
    chosen = TraceFilter(window=Window(since, clock.now() + AHEAD), route=route.name)
    spans, feedback = _newest(project, chosen, "good", MOST_TRACES)
    return [each.row() for each in _answered(project, spans, feedback)]


def corrected(version: DatasetVersion) -> set[str]:
    """The prompts whose answers annotators wrote."""
    examples = examples_of(version).filter(source__kind="annotation")
    return {prompt_key(messages[:-1]) for messages in examples.values_list("messages", flat=True)}


def _newest(
    project: Project, chosen: TraceFilter, judged: str, most: int
) -> tuple[list[Span], dict[uuid.UUID, Feedback]]:
    """The newest entries of chosen traces, oldest first, and the feedback by trace."""
    entries = chosen.entries(project).succeeded().newest_first()
    feedback: dict[uuid.UUID, Feedback] = {}
    if judged:
        feedback = _judged(project, chosen.window.start, good=judged == "good")
        entries = entries.filter(trace_id__in=feedback)
    return list(entries[:most])[::-1], feedback


def _answered(project: Project, spans: Sequence[Span], feedback: dict[uuid.UUID, Feedback]) -> list[Answered]:
    return [Answered(spoken, feedback.get(spoken.span.trace_id)) for spoken in spoken_in(project, spans)]


def _judged(project: Project, since: datetime, *, good: bool) -> dict[uuid.UUID, Feedback]:
    """By trace; a trace on which people disagree is neither good nor bad."""
    given: dict[uuid.UUID, list[Feedback]] = {}
    for feedback in Feedback.objects.for_project(project).filter(created_at__gte=since).exclude(score=None):
        given.setdefault(feedback.trace_id, []).append(feedback)
    return {trace_id: each[0] for trace_id, each in given.items() if all(_says(f, good=good) for f in each)}


def _says(feedback: Feedback, *, good: bool) -> bool:
    return feedback.score is not None and (feedback.score > 0 if good else feedback.score < 0)
