"""The list of traces: pages between cursors, and what came since somebody last looked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection

from apps.accounts.models import Project
from apps.tracing.domain.cursor import Cursor
from apps.tracing.domain.window import Window
from apps.tracing.models import Span, SpanQuerySet, TraceMinute
from apps.tracing.queries.filters import TraceFilter

PAGE = 50
MOST_NAMES = 200
# Two shippers may commit in another order than they began: look back this far again.
OVERLAP = timedelta(seconds=2)


@dataclass(frozen=True)
class TracePage:
    """Entry spans, newest first. `older` and `newer` are cursors, empty where nothing follows."""

    rows: list[Span]
    older: str = ""
    newer: str = ""


@dataclass(frozen=True)
class Arrivals:
    """What was stored since; `more` when there is too much of it to show one by one."""

    rows: list[Span]
    until: datetime
    more: bool


def list_traces(project: Project, chosen: TraceFilter, *, cursor: Cursor | None = None, limit: int = PAGE) -> TracePage:
    """A page of at most `limit` rows, in one query whose cost does not depend on how far back it is."""
    newer = cursor is not None and cursor.newer
    spans = _beyond(project, chosen, cursor).newest_first()
    found = list((spans.reverse() if newer else spans)[: limit + 1])
    rows, more = found[:limit], len(found) > limit
    if newer:
        rows.reverse()
    if not rows:
        return TracePage(rows=[])
    has_older, has_newer = (True, more) if newer else (more, cursor is not None)
    return TracePage(
        rows=rows,
        older=_cursor(rows[-1], newer=False) if has_older else "",
        newer=_cursor(rows[0], newer=True) if has_newer else "",
    )


def arrivals(project: Project, chosen: TraceFilter, *, since: datetime) -> Arrivals:
    """Traces that pass the filter and were stored after `since`: a slow request comes late, whenever it began."""
    spans = chosen.entries(project).filter(received_at__gt=since - OVERLAP).newest_first()
    found = list(spans[: PAGE + 1])
    until = max([since, *(span.received_at for span in found)])
    return Arrivals(rows=found[:PAGE], until=until, more=len(found) > PAGE)


def has_traces(project: Project) -> bool:
    """Whether anything ever came in; the sums per minute know without opening partitions."""
    return TraceMinute.objects.for_project(project).exists()


def names_in_use(project: Project, window: Window) -> tuple[list[str], list[str]]:
    """Routes and models that had requests within the window, for the filters to offer."""
    minutes = TraceMinute.objects.for_project(project).between(window.start, window.end)
    pairs = set(minutes.values_list("route", "model").distinct()[:MOST_NAMES])
    return sorted({route for route, _ in pairs if route}), sorted({model for _, model in pairs if model})


def _beyond(project: Project, chosen: TraceFilter, cursor: Cursor | None) -> SpanQuerySet:
    if cursor is None:
        return chosen.entries(project)
    key = (cursor.start_time, project.id, cursor.trace_id, cursor.span_id)
    # The bound in time is what lets Postgres skip the partitions on the other side.
    if cursor.newer:
        window = replace(chosen.window, start=max(chosen.window.start, cursor.start_time))
        return replace(chosen, window=window).entries(project).filter(pk__gt=key)
    end = min(chosen.window.end, cursor.start_time + timedelta(microseconds=1))
    return replace(chosen, window=replace(chosen.window, end=end)).entries(project).filter(pk__lt=key)


def _cursor(span: Span, *, newer: bool) -> str:
    return Cursor(span.start_time, span.trace_id, span.span_id, newer=newer).encode()


def arrivals_mark() -> datetime:
    """The moment from which on a page that is rendered now has to ask for arrivals, by the clock of Postgres."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        mark: datetime = cursor.fetchone()[0]
    return mark
