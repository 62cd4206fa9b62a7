"""How the work goes on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, F, Max, Q, QuerySet

from apps.accounts.models import Project, User
from apps.annotation.models import Annotation, AnnotationItem, AnnotationQueue

State = AnnotationItem.State


@dataclass(frozen=True)
class Progress:
    """Numbers of items. done: accepted or dropped; ready: accepted, and in no dataset version yet."""

    open: int
    disputed: int
    accepted: int
    dropped: int
    ready: int

    @property
    def total(self) -> int:
        return self.open + self.disputed + self.accepted + self.dropped

    @property
    def done(self) -> int:
        return self.accepted + self.dropped


@dataclass(frozen=True)
class Share:
    """What one person did. seconds: mean time per answer; kept: of their answers on accepted items, those accepted."""

    annotator: User
    answered: int
    skipped: int
    seconds: float | None
    judged: int
    kept: int
    latest: datetime | None

    @property
    def kept_share(self) -> float | None:
        return self.kept / self.judged if self.judged else None


def queues_of(project: Project) -> QuerySet[AnnotationQueue]:
    """The queues of a project with how many items are open, disputed, ready to be published, and there at all."""
    return (
        AnnotationQueue.objects.for_project(project)
        .select_related("dataset")
        .annotate(
            items_open=Count("items", filter=Q(items__state=State.OPEN)),
            items_disputed=Count("items", filter=Q(items__state=State.DISPUTED)),
            items_ready=Count("items", filter=Q(items__state=State.ACCEPTED, items__version=None)),
            items_total=Count("items"),
        )
        .order_by("name")
    )


def progress_of(queue: AnnotationQueue) -> Progress:
    counted = {f"{state}": Count("id", filter=Q(state=state)) for state in State.values}
    ready = Count("id", filter=Q(state=State.ACCEPTED, version=None))
    return Progress(**queue.items.aggregate(**counted, ready=ready))


def shares_of(queue: AnnotationQueue) -> list[Share]:
    """What everybody did in this queue, the busiest first."""
    answered = Q(state=Annotation.State.ANSWERED)
    judged = answered & Q(item__state=State.ACCEPTED)
    rows: Any = (
        Annotation.objects.filter(item__queue=queue)
        .values("annotator")
        .annotate(
            answered=Count("id", filter=answered),
            skipped=Count("id", filter=Q(state=Annotation.State.SKIPPED)),
            seconds=Avg("seconds", filter=answered),
            judged=Count("id", filter=judged),
            kept=Count("id", filter=judged & Q(answer=F("item__resolution"))),
            latest=Max("answered_at"),
        )
        .order_by("-answered", "annotator")
    )
    people = User.objects.in_bulk([row["annotator"] for row in rows])
    return [Share(**{**row, "annotator": people[row["annotator"]]}) for row in rows]


def answers_by(queue: AnnotationQueue, annotator: User) -> int:
    return Annotation.objects.filter(item__queue=queue, annotator=annotator).answered().count()
