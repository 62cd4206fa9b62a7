"""The demo's wheel: where Harbor Desk's bad answers go, what they become, and the exam that decides."""

from random import Random
from typing import Any

from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationQueue
from apps.annotation.services import create_queue
from apps.compute.services import ensure_pool
from apps.console.demo.seed import MODEL, ROUTE, SLUG
from apps.datasets.domain.rows import Row
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.services import create_dataset, make_version
from apps.gateway.models import Route
from apps.pipelines.models import Wheel
from apps.pipelines.services import create_wheel
from apps.serving.domain import harbor_desk
from apps.serving.domain.harbor_customers import customer_message
from apps.serving.models import CatalogueModel

POOL = "local"
# Why these: see docs/finetuning.md.
RECIPE: dict[str, Any] = {
    "rank": 32,
    "alpha": 64,
    "learning_rate": 0.005,
    "epochs": 5,
    "batch_size": 16,
    "prompt_noise": 0.1,
}
LESSONS_EACH, LESSONS_SEED = 40, 11
ANSWERS, EXAM, QUEUE = "support-answers", "support-exam", "support-corrections"
INSTRUCTIONS = "What does the customer want? Choose the intent, and write the reply that the desk should have given."
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": list(harbor_desk.INTENTS)},
        "reply": {"type": "string", "minLength": 1, "maxLength": 500},
    },
    "required": ["intent", "reply"],
    "additionalProperties": False,
}


def seed_wheel() -> None:
    """The demo's wheel, where the demo has a route on a model whose weights are here; safe to run at every start."""
    base = CatalogueModel.objects.filter(project__slug=SLUG, name=MODEL).exclude(local=None).first()
    route = Route.objects.filter(project__slug=SLUG, name=ROUTE).first()
    if base is not None and route is not None:
        with transaction.atomic():
            demo_wheel(route.project, route, base)


def demo_wheel(project: Project, route: Route, base: CatalogueModel) -> Wheel:
    """The wheel of the demo's route, with what it needs; what is there already stays as it is."""
    if wheel := Wheel.objects.for_project(project).filter(route=route).first():
        return wheel
    return create_wheel(
        actor=Actor(),
        route=route,
        queue=demo_queue(project, QUEUE),
        exam=demo_exam(project),
        base=base,
        pool=ensure_pool(name=POOL, description="This machine."),
        recipe=RECIPE,
    )


def demo_queue(project: Project, name: str, *, annotators_per_item: int = 1, dataset: str = ANSWERS) -> AnnotationQueue:
    """The queue of that name, whose answers go into a dataset that begins with what the model was once taught."""
    known = AnnotationQueue.objects.for_project(project).filter(name=name).first()
    return known or create_queue(
        actor=Actor(),
        project=project,
        name=name,
        dataset=demo_answers(project, dataset),
        answer_schema=ANSWER_SCHEMA,
        instructions=INSTRUCTIONS,
        annotators_per_item=annotators_per_item,
    )


def demo_answers(project: Project, name: str) -> Dataset:
    """Starts with lessons on the known intents: without them, a model forgets what it could while it learns."""
    dataset = demo_dataset(
        project, name, "What the desk's model was taught, what customers praised, what was corrected."
    )
    if not dataset.versions.exists():
        chance = Random(LESSONS_SEED)
        rows = [
            Row(
                messages=conversation(customer_message(intent, chance), intent),
                source={"kind": "import"},
                split="train",
            )
            for intent in harbor_desk.KNOWN_INTENTS
            for _ in range(LESSONS_EACH)
        ]
        make_version(actor=Actor(), dataset=dataset, rows=rows, message="What the desk's model was taught")
    return dataset


def demo_dataset(project: Project, name: str, description: str) -> Dataset:
    known = Dataset.objects.for_project(project).filter(name=name).first()
    return known or create_dataset(
        actor=Actor(), project=project, name=name, description=description, answer_schema=ANSWER_SCHEMA
    )


def demo_exam(project: Project) -> DatasetVersion:
    """The held-back utterances with the right answers, tagged by whether the shop knew the intent before."""
    dataset = demo_dataset(project, EXAM, "Held-back questions with the right answers. Nothing is trained on them.")
    rows = [
        Row(messages=conversation(text, intent), tags=[tag_of(intent)], source={"kind": "import"}, split="test")
        for intent in harbor_desk.INTENTS
        for text in harbor_desk.utterances(intent, "test")
    ]
    newest = dataset.versions.order_by("-number").first()
    return newest or make_version(actor=Actor(), dataset=dataset, rows=rows, message="The held-back half")


def conversation(text: str, intent: str) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": text},
        {"role": "assistant", "content": harbor_desk.expected_answer(intent)},
    ]


def tag_of(intent: str) -> str:
    return "new" if intent in harbor_desk.NEW_INTENTS else "known"
