"""The ledger itself, page by page."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.accounts.models import Project
from apps.billing.models import LedgerEntry
from apps.tracing.domain.cursor import BadCursor
from apps.tracing.domain.position import Position

PAGE = 50


@dataclass(frozen=True)
class LedgerFilter:
    """Entries of calls that began in [start, end). Empty fields filter nothing."""

    start: datetime
    end: datetime
    kind: str = ""
    key: uuid.UUID | None = None
    user: str = ""
    model: str = ""
    trace_id: uuid.UUID | None = None


@dataclass(frozen=True)
class LedgerPage:
    """older: where the next page begins, None on the last one."""

    rows: list[LedgerEntry]
    older: Position | None = None


def list_entries(
    project: Project, chosen: LedgerFilter, *, cursor: Position | None = None, limit: int = PAGE
) -> LedgerPage:
    """Newest calls first; BadCursor for one that was not handed out here."""
    found = LedgerEntry.objects.for_project(project).between(chosen.start, chosen.end)
    wanted = {
        "kind": chosen.kind,
        "key_id": chosen.key,
        "end_user": chosen.user,
        "model": chosen.model,
        "trace_id": chosen.trace_id,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if cursor:
        same_moment = Q(occurred_at=cursor.moment, id__lt=_id_in(cursor))
        found = found.filter(Q(occurred_at__lte=cursor.moment), Q(occurred_at__lt=cursor.moment) | same_moment)
    rows = list(found.newest_first()[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return LedgerPage(rows[:limit], Position(last.occurred_at, last.id.hex) if last else None)


def _id_in(cursor: Position) -> uuid.UUID:
    try:
        return uuid.UUID(cursor.name)
    except ValueError:
        raise BadCursor("This is not a cursor of this list.") from None
