"""What the audit page reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import AuditEvent, Project, User

AUDIT_PAGE = 50
# Choices of the audit filters come from this many of the newest events: the page's cost doesn't grow with the log.
AUDIT_SAMPLE = 2000


@dataclass(frozen=True)
class AuditFilter:
    """`action` may be a whole action or the part before its dot; `actor` a user's id, or "none" for nobody."""

    action: str = ""
    actor: str = ""


@dataclass(frozen=True)
class AuditPage:
    """Newest first. `older`: cursor of the next page, None on the last one."""

    events: Sequence[AuditEvent]
    older: str | None


def audit_events_of(project: Project, *, whole_organisation: bool) -> QuerySet[AuditEvent]:
    """Changes in the project; with `whole_organisation` also those that concern no single project of it."""
    place = Q(project=project) | Q(project=None) if whole_organisation else Q(project=project)
    return AuditEvent.objects.filter(place, organisation_id=project.organisation_id)


def audit_page(events: QuerySet[AuditEvent], *, wanted: AuditFilter, cursor: str = "") -> AuditPage:
    """One page after `cursor`; a cursor that isn't one starts at the newest event."""
    rows = _matching(events, wanted).select_related("actor", "actor_key", "project").order_by("-at", "-id")
    if (after := _read_cursor(cursor)) is not None:
        at, last = after
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=last), at__lte=at)
    found = list(rows[: AUDIT_PAGE + 1])
    shown = found[:AUDIT_PAGE]
    older = f"{shown[-1].at.isoformat()}~{shown[-1].id}" if len(found) > AUDIT_PAGE else None
    return AuditPage(events=shown, older=older)


def _matching(events: QuerySet[AuditEvent], wanted: AuditFilter) -> QuerySet[AuditEvent]:
    if wanted.action:
        events = events.filter(Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}."))
    if wanted.actor == "none":
        return events.filter(actor=None, actor_key=None)
    return events.filter(actor__id=wanted.actor) if wanted.actor else events


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    at, _, last = text.partition("~")
    try:
        moment, event = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return (moment, event) if moment.tzinfo else None


def audit_actions(events: QuerySet[AuditEvent]) -> list[str]:
    """The actions that occurred lately, by name."""
    return sorted(set(events.order_by("-at", "-id").values_list("action", flat=True)[:AUDIT_SAMPLE]))


def audit_actors(events: QuerySet[AuditEvent]) -> list[User]:
    """Who acted lately, by name."""
    recent = set(events.order_by("-at", "-id").values_list("actor_id", flat=True)[:AUDIT_SAMPLE])
    return sorted(User.objects.filter(id__in=recent - {None}), key=str)
