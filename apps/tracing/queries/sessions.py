"""Sessions: conversations that run over several traces."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.http import Http404

from apps.accounts.models import Project
from apps.tracing.domain.conversation import Message, answered, asked, latest_turn
from apps.tracing.domain.position import Position
from apps.tracing.domain.window import AHEAD, Window
from apps.tracing.models import Span, SpanPayload
from apps.tracing.queries.sums import behind, grouped, sums
from llmkit import clock

PAGE = 50
MOST_TURNS = 100
# A session that began before the window or goes on after it belongs to it: how far around the window to look.
AROUND = timedelta(hours=24)
THREAD_REACH = timedelta(days=30)


@dataclass(frozen=True)
class SessionRow:
    """traces: how many requests, failed: how many of them failed; tokens and nano-dollars are sums, None if unknown."""

    key: str
    started: datetime
    ended: datetime
    traces: int
    failed: int
    user: str
    input_tokens: int | None
    output_tokens: int | None
    cost_nano: int | None

    @property
    def duration_us(self) -> int:
        return (self.ended - self.started) // timedelta(microseconds=1)


@dataclass(frozen=True)
class SessionPage:
    """Latest activity first; `older` is where the next page begins, empty at the end."""

    rows: list[SessionRow]
    older: str = ""


@dataclass(frozen=True)
class Turn:
    """One trace of a session: what was said since the answer before, and what came back."""

    span: Span
    said: list[Message]
    answered: list[Message]


@dataclass(frozen=True)
class Thread:
    """turns: the latest MOST_TURNS, in the order in which they happened; cut: there were more before."""

    session: SessionRow
    turns: list[Turn]
    cut: bool


def list_sessions(
    project: Project, window: Window, *, user: str = "", position: Position | None = None, limit: int = PAGE
) -> SessionPage:
    """Sessions whose time, first request to last answer, overlaps the window."""
    spans = Span.objects.for_project(project).between(window.start - AROUND, window.end + AROUND).entries()
    if user:
        spans = spans.filter(end_user=user)
    rows = grouped(spans, "session_id", user=Max("end_user"))
    rows = behind(rows.filter(started__lt=window.end, ended__gte=window.start), position)
    found = [SessionRow(**row) for row in rows[: limit + 1]]
    last = found[limit - 1] if len(found) > limit else None
    return SessionPage(rows=found[:limit], older=Position(last.ended, last.key).encode() if last else "")


def session_thread(project: Project, session_id: str) -> Thread:
    """The session's conversation over the last THREAD_REACH; Http404 when there is none."""
    now = clock.now()
    spans = Span.objects.for_project(project).between(now - THREAD_REACH, now + AHEAD).entries()
    spans = spans.filter(session_id=session_id)
    found = list(spans.newest_first()[: MOST_TURNS + 1]) if session_id else []
    if not found:
        raise Http404("This project has no such session in the last 30 days.")
    figures = spans.aggregate(**sums(), user=Max("end_user"))
    turns = list(reversed(found[:MOST_TURNS]))
    payloads = _payloads(project, turns)
    return Thread(
        session=SessionRow(key=session_id, **figures),
        turns=[_turn(span, payloads.get((span.trace_id.hex, span.span_id))) for span in turns],
        cut=len(found) > MOST_TURNS,
    )


def _payloads(project: Project, spans: list[Span]) -> dict[tuple[str, str], SpanPayload]:
    start, end = spans[0].start_time, spans[-1].start_time + timedelta(microseconds=1)
    rows = SpanPayload.objects.for_project(project).between(start, end)
    rows = rows.filter(trace_id__in=[span.trace_id for span in spans], span_id__in=[span.span_id for span in spans])
    return {(row.trace_id.hex, row.span_id): row for row in rows}


def _turn(span: Span, payload: SpanPayload | None) -> Turn:
    if payload is None:
        return Turn(span=span, said=[], answered=[])
    return Turn(span=span, said=latest_turn(asked(payload.request)), answered=answered(payload.response))
