"""The work of annotators: taking an item, answering it, leaving it to others.

Several people work at once. A claim holds an item for some minutes; whoever answers later is heard all the same.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.annotation.domain.answers import canonical, complaints_about
from apps.annotation.domain.settling import Outcome, outcome_of
from apps.annotation.models import Annotation, AnnotationItem, AnnotationItemQuerySet, AnnotationQueue
from apps.annotation.services.settling import accept
from llmkit import clock

ANSWERED, CLAIMED, SKIPPED = Annotation.State.ANSWERED, Annotation.State.CLAIMED, Annotation.State.SKIPPED


@transaction.atomic
def claim_next(*, queue: AnnotationQueue, annotator: User) -> AnnotationItem | None:
    """The item that this person should work on now; None when there is none for them.

    Their own open claim comes first. Never one that they answered or skipped, and never more open claims and
    answers on an item than `annotators_per_item`.
    """
    taken: list[Any] = []
    # Those that others lock at this moment are passed over at first, and waited for when there is nothing else.
    for skip_locked in (True, False):
        while (
            item := _candidates(queue, annotator)
            .exclude(id__in=taken)
            .select_for_update(of=("self",), skip_locked=skip_locked)
            .first()
        ):
            if _has_place(item, queue, annotator):
                _claim(item, annotator)
                return item
            taken.append(item.id)
    return None


@transaction.atomic
def submit_answer(*, item: AnnotationItem, annotator: User, answer: dict[str, Any]) -> AnnotationItem:
    """Store a person's answer; the item as it stands afterwards.

    ValidationError naming the field that doesn't fit the schema, or without a field when the person gave another
    answer before. What comes too late is stored and counted in the agreement; it changes nothing else.
    """
    if complaints := complaints_about(answer, item.queue.answer_schema):
        raise ValidationError({name or "__all__": text for name, text in complaints.items()})
    item, mine = _locked(item), _mine(item, annotator)
    if mine.state == ANSWERED:
        if canonical(mine.answer) == canonical(answer):
            return item
        raise ValidationError("You answered this item before, and your first answer stands.")
    mine.give(answer, clock.now())
    if item.is_open:
        _settle(item, answer)
    return item


@transaction.atomic
def skip_item(*, item: AnnotationItem, annotator: User) -> None:
    """Leave an item to others, for good. Nothing happens when this person has answered it."""
    mine = _mine(_locked(item), annotator)
    if mine.state != ANSWERED:
        mine.skip()


@transaction.atomic
def release_item(*, item: AnnotationItem, annotator: User) -> None:
    """Give an item back without having worked on it, so that nobody waits for the claim to run out."""
    _locked(item).annotations.filter(annotator=annotator, state=CLAIMED).delete()


def _candidates(queue: AnnotationQueue, annotator: User) -> AnnotationItemQuerySet:
    own = Annotation.objects.filter(item=OuterRef("id"), annotator=annotator)
    items = AnnotationItem.objects.filter(queue=queue).open()
    items = items.filter(~Exists(own.filter(state__in=[ANSWERED, SKIPPED])))
    now = clock.now()
    items = items.with_place(queue.annotators_per_item, annotator, now)
    return items.order_by(Exists(own.claimed(now)).desc(), "-priority", "id")


def _has_place(item: AnnotationItem, queue: AnnotationQueue, annotator: User) -> bool:
    """Asked again under the lock: the search saw the claims as they were before it waited."""
    others = item.annotations.exclude(annotator=annotator)
    return others.holding_a_place(clock.now()).count() < queue.annotators_per_item and item.is_open


def _claim(item: AnnotationItem, annotator: User) -> None:
    _mine(item, annotator).claim(clock.now())


def _mine(item: AnnotationItem, annotator: User) -> Annotation:
    """This person's row for the item; unsaved and already run out when they never claimed it."""
    now = clock.now()
    found = item.annotations.filter(annotator=annotator).first()
    return found or Annotation(item=item, annotator=annotator, claimed_at=now, claimed_until=now)


def _locked(item: AnnotationItem) -> AnnotationItem:
    return AnnotationItem.objects.select_for_update(of=("self",)).select_related("queue__project").get(id=item.id)


def _settle(item: AnnotationItem, answer: dict[str, Any]) -> None:
    answers = [given.given_answer for given in item.annotations.answered()]
    outcome = outcome_of(answers, item.queue.annotators_per_item)
    if outcome is Outcome.AGREED:
        accept(item, answer, by=None)
    elif outcome is Outcome.DISPUTED:
        item.mark_disputed()
