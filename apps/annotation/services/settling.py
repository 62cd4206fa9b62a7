"""Settling items: by agreement, or by somebody's decision."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import Actor, record_change
from apps.annotation.domain.answers import complaints_about
from apps.annotation.models import AnnotationItem
from apps.annotation.signals import item_accepted
from llmkit import clock


def accept(item: AnnotationItem, answer: dict[str, Any], *, by: User | None) -> None:
    """Inside the transaction that locked the item."""
    item.accept(answer, by=by, at=clock.now())
    transaction.on_commit(lambda: item_accepted.send(sender=AnnotationItem, item_id=item.id))


@transaction.atomic
def decide_item(*, actor: Actor, item: AnnotationItem, answer: dict[str, Any]) -> None:
    """Say what the right answer is: of a disputed item, or of any other until it is published.

    ValidationError naming the field that doesn't fit the schema, or without a field when it is too late.
    """
    if complaints := complaints_about(answer, item.queue.answer_schema):
        raise ValidationError({name or "__all__": text for name, text in complaints.items()})
    locked = _undecided(item)
    before = locked.state
    accept(locked, answer, by=actor.user)
    _record(actor, locked, "annotation.item_decided", {"before": before})


@transaction.atomic
def drop_item(*, actor: Actor, item: AnnotationItem) -> None:
    """Take an item out of the work because there is nothing to learn from it; ValidationError once published."""
    locked = _undecided(item)
    locked.drop(by=actor.user, at=clock.now())
    _record(actor, locked, "annotation.item_dropped", {})


def _undecided(item: AnnotationItem) -> AnnotationItem:
    locked = AnnotationItem.objects.select_for_update(of=("self",)).select_related("queue__project").get(id=item.id)
    if not locked.can_be_decided:
        raise ValidationError("This answer is in a dataset version, which never changes. Correct it in a new version.")
    return locked


def _record(actor: Actor, item: AnnotationItem, action: str, detail: dict[str, str]) -> None:
    detail = {"trace_id": item.trace_id.hex, **detail}
    record_change(actor=actor, action=action, target=item.queue.name, project=item.queue.project, detail=detail)
