"""End users: the product's own users, as its requests name them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from apps.accounts.models import Project
from apps.tracing.domain.position import Position
from apps.tracing.domain.window import Window
from apps.tracing.models import Span
from apps.tracing.queries.sums import behind, grouped, sums

PAGE = 50


@dataclass(frozen=True)
class UserRow:
    """started, ended: first and last activity within the window, None without any."""

    key: str
    started: datetime | None
    ended: datetime | None
    traces: int
    failed: int
    sessions: int
    input_tokens: int | None
    output_tokens: int | None
    cost_nano: int | None


@dataclass(frozen=True)
class UserPage:
    """Latest activity first; `older` is where the next page begins, empty at the end."""

    rows: list[UserRow]
    older: str = ""


_SESSIONS = Count("session_id", distinct=True, filter=~Q(session_id=""))


def list_users(project: Project, window: Window, *, position: Position | None = None, limit: int = PAGE) -> UserPage:
    spans = Span.objects.for_project(project).between(window.start, window.end).entries()
    rows = behind(grouped(spans, "end_user", sessions=_SESSIONS), position)
    found = [UserRow(**row) for row in rows[: limit + 1]]
    last = found[limit - 1] if len(found) > limit else None
    older = Position(last.ended, last.key).encode() if last and last.ended else ""
    return UserPage(rows=found[:limit], older=older)


def user_figures(project: Project, user: str, window: Window) -> UserRow:
    """What one user did within the window; zeros for somebody who did nothing."""
    spans = Span.objects.for_project(project).between(window.start, window.end).entries().filter(end_user=user)
    return UserRow(key=user, **spans.aggregate(**sums(), sessions=_SESSIONS))
