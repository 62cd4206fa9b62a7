"""What the wheel's pages read."""

from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.accounts.models import Project
from apps.annotation.models import AnnotationItem
from apps.pipelines.domain.next_step import Act, Waiting, next_step
from apps.pipelines.models import Promotion, Turn, Wheel, WheelQuerySet

PAGE = 20


def wheels_of(project: Project) -> WheelQuerySet:
    parts = ("route__active__model", "queue", "dataset", "exam__dataset", "base", "pool")
    found = Wheel.objects.for_project(project).select_related(*parts).order_by("route__name")
    return found.annotate(turn_count=Count("turns"))


def turns_of(project: Project) -> "QuerySet[Turn]":
    parts = ("wheel__route__active__model", "wheel__project", "run__job", "run__model", "evaluation__job")
    more = ("dataset_version__dataset", "incumbent__model", "started_by")
    promotions = Prefetch("promotions", Promotion.objects.select_related("promoted_by", "rolled_back_by", "after"))
    turns = Turn.objects.filter(wheel__project=project).select_related(*parts, *more)
    return turns.prefetch_related(promotions).order_by("-number")


@dataclass(frozen=True)
class QueueCounts:
    open: int
    disputed: int
    accepted: int
    published: int


def queue_counts(wheel: Wheel) -> QueueCounts:
    """Items of the wheel's queue; accepted are those that no dataset version has yet."""
    state = AnnotationItem.State
    return QueueCounts(
        **AnnotationItem.objects.filter(queue=wheel.queue).aggregate(
            open=Count("id", filter=Q(state=state.OPEN)),
            disputed=Count("id", filter=Q(state=state.DISPUTED)),
            accepted=Count("id", filter=Q(state=state.ACCEPTED, version=None)),
            published=Count("id", filter=Q(state=state.ACCEPTED) & ~Q(version=None)),
        )
    )


def next_act(counts: QueueCounts, newest: Turn | None) -> Act:
    return next_step(Waiting(counts.open, counts.disputed, counts.accepted, newest.state if newest else ""))


def current_promotion(turn: Turn) -> Promotion | None:
    """The promotion that has not been taken back; None when there is none."""
    standing = [promotion for promotion in turn.promotions.all() if promotion.rolled_back_at is None]
    return standing[-1] if standing else None
