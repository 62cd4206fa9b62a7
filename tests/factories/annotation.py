"""Queues of answers to annotate, and items in them."""

import itertools
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.services import create_queue
from apps.datasets.models import Dataset
from llmkit.ids import uuid7
from tests.factories.accounts import make_project

INTENTS = ["order_status", "refund", "wrong_size", "other"]
SCHEMA = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": INTENTS},
        "urgent": {"type": "boolean"},
        "reply": {"type": "string", "maxLength": 500},
    },
    "required": ["intent", "urgent", "reply"],
}
_numbers = itertools.count(1)


def make_queue(
    project: Project | None = None, *, schema: dict[str, Any] = SCHEMA, dataset: Dataset | None = None, **fields: Any
) -> AnnotationQueue:
    number = next(_numbers)
    project = project or make_project()
    return create_queue(
        actor=Actor(),
        project=project,
        name=fields.pop("name", f"queue-{number}"),
        dataset=dataset or Dataset.objects.create(project=project, name=f"answers-{number}"),
        answer_schema=schema,
        **fields,
    )


def make_item(
    queue: AnnotationQueue,
    *,
    question: str = "Where is my order?",
    answer: str = '{"intent":"refund","urgent":false,"reply":"It left the harbor."}',
    **fields: Any,
) -> AnnotationItem:
    """An item as if its trace had been queued."""
    values: dict[str, Any] = {
        "trace_id": uuid7(),
        "conversation": [{"role": "user", "content": question}],
        "answer": answer,
        "reason": AnnotationItem.Reason.FEEDBACK,
    }
    return AnnotationItem.objects.create(queue=queue, **(values | fields))


def an_answer(
    intent: str = "order_status", *, urgent: bool = False, reply: str = "It is on its way."
) -> dict[str, Any]:
    """An answer that fits SCHEMA."""
    return {"intent": intent, "urgent": urgent, "reply": reply}
