"""From accepted answers to a dataset version."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch

from apps.accounts.services import Actor, record_change
from apps.annotation.domain.answers import written
from apps.annotation.models import Annotation, AnnotationItem, AnnotationQueue
from apps.datasets.domain.checks import LONGEST_TAG
from apps.datasets.domain.rows import Row
from apps.datasets.models import DatasetVersion
from apps.datasets.services import extend_dataset


@transaction.atomic
def publish_answers(*, actor: Actor, queue: AnnotationQueue, message: str = "") -> DatasetVersion:
    """A new version of the queue's dataset: its newest, and every accepted answer that is in none yet.

    ValidationError when there is no such answer.
    """
    items = list(_publishable(queue))
    if not items:
        raise ValidationError("There are no new accepted answers to publish. Annotate some items first.")
    version = extend_dataset(
        actor=actor,
        dataset=queue.dataset,
        rows=[_row(queue, item) for item in items],
        message=message or f"{len(items)} {'answer' if len(items) == 1 else 'answers'} from {queue}",
    )
    AnnotationItem.objects.filter(id__in=[item.id for item in items]).update(version=version)
    detail = {"dataset": queue.dataset.name, "version": version.number, "answers": len(items)}
    record_change(
        actor=actor, action="annotation.answers_published", target=queue.name, project=queue.project, detail=detail
    )
    return version


def _publishable(queue: AnnotationQueue) -> Any:
    """Locked, so that nobody decides one of them anew meanwhile; in the order in which they came."""
    answered = Prefetch("annotations", Annotation.objects.answered().order_by("answered_at"), to_attr="answers")
    items = AnnotationItem.objects.filter(queue=queue).publishable().order_by("id")
    return items.prefetch_related(answered).select_for_update(of=("self",))


def _row(queue: AnnotationQueue, item: AnnotationItem) -> Row:
    answer = written(item.accepted_answer, [field.name for field in queue.fields])
    return Row(
        messages=[*item.conversation, {"role": "assistant", "content": answer}],
        tags=[tag for tag in _tags(queue, item) if len(tag) <= LONGEST_TAG],
        trace_id=item.trace_id,
        source={
            "kind": "annotation",
            "item_id": str(item.id),
            "feedback_id": str(item.feedback_id) if item.feedback_id else None,
            "annotators": [str(given.annotator_id) for given in item.answers],  # type: ignore[attr-defined]  # prefetched
        },
    )


def _tags(queue: AnnotationQueue, item: AnnotationItem) -> Iterator[str]:
    """Why it was annotated, and each choice that was made: the slices that an evaluation shows."""
    yield str(item.reason)
    for field in queue.fields:
        if field.choices and field.name in item.accepted_answer:
            yield f"{field.name}={field.write(item.accepted_answer[field.name])}"
