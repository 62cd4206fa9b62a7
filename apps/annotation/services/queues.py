"""Making queues."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.annotation.domain.form import UnsupportedSchema, check_schema
from apps.annotation.models import AnnotationQueue
from apps.datasets.models import Dataset
from apps.datasets.services import create_dataset

MOST_ANNOTATORS = 9


@transaction.atomic
def create_queue(
    *,
    actor: Actor,
    project: Project,
    name: str,
    dataset: Dataset | None,
    answer_schema: dict[str, Any],
    instructions: str = "",
    annotators_per_item: int = 1,
) -> AnnotationQueue:
    """A queue whose answers go to `dataset`, or to a new one of the queue's name for None.

    ValidationError naming the field: an answer_schema that no form can be made from says where.
    """
    _check(project, name, dataset, answer_schema, annotators_per_item)
    queue = AnnotationQueue.objects.create(
        project=project,
        name=name,
        dataset=dataset or create_dataset(actor=actor, project=project, name=name, answer_schema=answer_schema),
        answer_schema=answer_schema,
        field_order=list(answer_schema["properties"]),
        instructions=instructions,
        annotators_per_item=annotators_per_item,
    )
    detail = {"dataset": queue.dataset.name, "annotators_per_item": annotators_per_item}
    record_change(actor=actor, action="annotation.queue_created", target=name, project=project, detail=detail)
    return queue


def _check(project: Project, name: str, dataset: Dataset | None, answer_schema: Any, annotators: int) -> None:
    try:
        validate_slug(name)
    except ValidationError:
        raise ValidationError({"name": "A name has letters, digits, - and _ only, such as wrong-intents."})
    if AnnotationQueue.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a queue called '{name}'."})
    if dataset is not None and dataset.project_id != project.id:
        raise ValidationError({"dataset": "This dataset belongs to another project."})
    if not 1 <= annotators <= MOST_ANNOTATORS:
        raise ValidationError({"annotators_per_item": f"Between 1 and {MOST_ANNOTATORS} people can answer an item."})
    try:
        check_schema(answer_schema)
    except UnsupportedSchema as error:
        raise ValidationError({"answer_schema": str(error)})
