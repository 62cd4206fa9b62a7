"""Items as the pages list and show them."""

import uuid
from dataclasses import dataclass, field

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.accounts.models import Project, User
from apps.annotation.models import Annotation, AnnotationItem, AnnotationQueue

PAGE = 50


@dataclass(frozen=True)
class ItemPage:
    """`older` is where the next page begins, "" at the end."""

    rows: list[AnnotationItem] = field(default_factory=list)
    older: str = ""


def list_items(queue: AnnotationQueue, *, state: str = "", cursor: uuid.UUID | None = None) -> ItemPage:
    """The newest first; `state` is one of the states or "" for all; `cursor` is the last item seen."""
    items = queue.items.order_by("-id").select_related("version")
    items = items.annotate(answers=Count("annotations", filter=Q(annotations__state=Annotation.State.ANSWERED)))
    if state:
        items = items.filter(state=state)
    if cursor:
        items = items.filter(id__lt=cursor)
    found = list(items[: PAGE + 1])
    return ItemPage(found[:PAGE], str(found[PAGE - 1].id) if len(found) > PAGE else "")


def items_of(project: Project) -> QuerySet[AnnotationItem]:
    return AnnotationItem.objects.for_project(project).select_related("queue__project", "queue__dataset", "version")


def items_of_trace(project: Project, trace_id: uuid.UUID) -> list[AnnotationItem]:
    """A trace's items in all queues, each with `given`: what people answered."""
    given = Prefetch(
        "annotations",
        Annotation.objects.answered().select_related("annotator").order_by("answered_at"),
        to_attr="given",
    )
    items = AnnotationItem.objects.for_project(project).for_trace(trace_id).select_related("queue", "version")
    return list(items.prefetch_related(given).order_by("id"))


def came_late(item: AnnotationItem, annotator: User) -> bool:
    """Whether the item was settled already when this person's answer came."""
    given = item.annotations.answered().filter(annotator=annotator).first()
    settled = item.resolved_at
    return bool(given and given.answered_at and settled and given.answered_at > settled)
