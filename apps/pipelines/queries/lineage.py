"""Lineage: from a model back to every click, trace and annotator; and from a trace to what it became part of."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from apps.accounts.models import Project, User
from apps.annotation.models import Annotation, AnnotationItem
from apps.datasets.models import DatasetVersion, Example
from apps.datasets.queries import examples_of
from apps.feedback.models import Feedback
from apps.finetuning.models import FinetuneRun
from apps.gateway.models import RouteVersion
from apps.pipelines.models import Promotion, Turn
from apps.serving.models import CatalogueModel

PAGE = 50
# Where a row came from; one that says nothing was brought in from outside.
KIND = Coalesce(KT("source__kind"), Value("import"), output_field=TextField())


@dataclass(frozen=True)
class Origin:
    """One example of the data, and the people behind it."""

    example: Example
    question: str
    answer: str
    item: AnnotationItem | None
    clicks: list[Feedback]
    annotators: list[User]

    @property
    def kind(self) -> str:
        return str(self.example.source.get("kind", "import"))


@dataclass(frozen=True)
class Lineage:
    """What stands behind a model, newest step first. kinds: number of training rows by where they came from."""

    model: CatalogueModel
    run: FinetuneRun
    version: DatasetVersion
    turn: Turn | None
    promotions: list[Promotion]
    serving: list[RouteVersion]
    kinds: dict[str, int]
    clicks: int
    annotators: int
    origins: list[Origin] = field(default_factory=list)
    page: int = 1
    pages: int = 1


def lineage_of(project: Project, model: CatalogueModel, *, page: int = 1, kind: str = "") -> Lineage | None:
    """Back from a model; None for one that was not finetuned here. `kind` narrows the list of examples."""
    runs = FinetuneRun.objects.for_project(project).select_related("base", "dataset_version__dataset", "job")
    run = runs.filter(model=model).first()
    if run is None:
        return None
    examples = examples_of(run.dataset_version).annotate(kind=KIND)
    shown = examples.filter(kind=kind) if kind else examples
    pages = max(1, -(-shown.count() // PAGE))
    page = min(page, pages)
    turn = Turn.objects.filter(run=run).select_related("wheel__route", "evaluation").first()
    return Lineage(
        model=model,
        run=run,
        version=run.dataset_version,
        turn=turn,
        promotions=list(turn.promotions.select_related("promoted_by", "rolled_back_by")) if turn else [],
        serving=list(RouteVersion.objects.filter(model=model, route__active=F("id")).select_related("route")),
        kinds=_kinds(examples),
        clicks=Feedback.objects.for_project(project).filter(trace_id__in=examples.values("trace_id")).count(),
        annotators=_annotators(project, examples),
        origins=_origins(project, list(shown[(page - 1) * PAGE : page * PAGE])),
        page=page,
        pages=pages,
    )


def _kinds(examples: Any) -> dict[str, int]:
    counted = examples.order_by().values_list("kind").annotate(n=Count("id"))
    return dict(sorted(counted, key=lambda pair: (-pair[1], pair[0])))


def _annotators(project: Project, examples: Any) -> int:
    answered = Annotation.objects.filter(item__queue__project=project, state=Annotation.State.ANSWERED)
    of_these = answered.filter(item__trace_id__in=examples.values("trace_id"))
    return of_these.values("annotator").distinct().count()


def _origins(project: Project, examples: list[Example]) -> list[Origin]:
    traces = [example.trace_id for example in examples if example.trace_id]
    clicks: dict[uuid.UUID, list[Feedback]] = {}
    for feedback in Feedback.objects.for_project(project).filter(trace_id__in=traces):
        clicks.setdefault(feedback.trace_id, []).append(feedback)
    item_ids = [example.source["item_id"] for example in examples if example.source.get("item_id")]
    items = AnnotationItem.objects.filter(queue__project=project).in_bulk(item_ids)
    people: dict[uuid.UUID, list[User]] = {}
    answered = Annotation.objects.filter(item__in=items, state=Annotation.State.ANSWERED).select_related("annotator")
    for annotation in answered:
        people.setdefault(annotation.item_id, []).append(annotation.annotator)
    return [_origin(example, clicks, items, people) for example in examples]


def _origin(
    example: Example,
    clicks: dict[uuid.UUID, list[Feedback]],
    items: dict[uuid.UUID, AnnotationItem],
    people: dict[uuid.UUID, list[User]],
) -> Origin:
    item = items.get(uuid.UUID(example.source["item_id"])) if example.source.get("item_id") else None
    asked = [message["content"] for message in example.messages[:-1] if message["role"] == "user"]
    return Origin(
        example=example,
        question=asked[-1] if asked else "",
        answer=example.messages[-1]["content"],
        item=item,
        clicks=clicks.get(example.trace_id, []) if example.trace_id else [],
        annotators=people.get(item.id, []) if item else [],
    )


@dataclass(frozen=True)
class Became:
    """Forward from a trace."""

    items: list[AnnotationItem]
    versions: list[DatasetVersion]
    runs: list[FinetuneRun]


MOST_SHOWN = 10


def became_of(project: Project, trace_id: uuid.UUID) -> Became:
    """The queue items, dataset versions and finetuned models that this trace is part of, newest first."""
    examples = Example.objects.filter(dataset__project=project, trace_id=trace_id)
    versions = DatasetVersion.objects.filter(members__example__in=examples).distinct().select_related("dataset")
    runs = FinetuneRun.objects.for_project(project).filter(dataset_version__in=versions)
    items = AnnotationItem.objects.filter(queue__project=project, trace_id=trace_id).select_related("queue")
    return Became(
        items=list(items[:MOST_SHOWN]),
        versions=list(versions.order_by("-id")[:MOST_SHOWN]),
        runs=list(runs.select_related("model", "job", "turn__wheel__route").order_by("-id")[:MOST_SHOWN]),
    )
