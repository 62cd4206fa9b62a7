"""What the evaluation pages read."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import Project
from apps.datasets.models import DatasetVersion
from apps.evaluation.domain.reading import Comparison, accuracy, comparison_of
from apps.evaluation.domain.request import expected_of
from apps.evaluation.models import Evaluation, EvaluationQuerySet, Prediction

PAGE = 50
ROWS = 20


@dataclass(frozen=True)
class Summary:
    """An evaluation as the list shows it."""

    evaluation: Evaluation
    candidate: float | None
    incumbent: float | None
    comparison: Comparison | None


@dataclass(frozen=True)
class SummaryPage:
    rows: list[Summary]
    older: str

    @property
    def moving(self) -> bool:
        """Whether any of them is still under way."""
        return any(not row.evaluation.job.finished for row in self.rows)


@dataclass(frozen=True)
class Compared:
    """A row with what the models made of it; `incumbent` is None where none took part."""

    position: int
    question: str
    expected: str
    trace_id: UUID | None
    candidate: Prediction
    incumbent: Prediction | None


@dataclass(frozen=True)
class ComparedPage:
    rows: list[Compared]
    older: str


def evaluations_of(project: Project) -> EvaluationQuerySet:
    parts = ("candidate__provider", "incumbent__provider", "dataset_version__dataset", "job__pool", "created_by")
    return Evaluation.objects.for_project(project).select_related(*parts)


def summaries_of(project: Project, *, cursor: UUID | None = None) -> SummaryPage:
    """Newest first; `cursor` is the id of the last one seen."""
    evaluations = evaluations_of(project).order_by("-id")
    if cursor is not None:
        evaluations = evaluations.filter(id__lt=cursor)
    found = list(evaluations[: PAGE + 1])
    older = str(found[PAGE - 1].id) if len(found) > PAGE else ""
    return SummaryPage([_summary(evaluation) for evaluation in found[:PAGE]], older)


def versions_of(project: Project) -> QuerySet[DatasetVersion]:
    """Dataset versions to choose from, the newest of each dataset first."""
    versions = DatasetVersion.objects.filter(dataset__project=project).select_related("dataset")
    return versions.order_by("dataset__name", "-number")


def _summary(evaluation: Evaluation) -> Summary:
    candidate, incumbent = evaluation.candidate.name, evaluation.incumbent.name if evaluation.incumbent else None
    return Summary(
        evaluation,
        accuracy(evaluation.report, candidate, evaluation.field),
        accuracy(evaluation.report, incumbent, evaluation.field) if incumbent else None,
        comparison_of(evaluation.report, candidate, incumbent),
    )


def compared_rows(evaluation: Evaluation, *, show: str, after: int | None = None) -> ComparedPage:
    """In the order of the dataset version; `show` names a filter of `filters_of`, `after` is the last position seen."""
    predictions: QuerySet[Prediction] = evaluation.predictions.filter(model=evaluation.candidate)
    predictions = _filters(evaluation)[show](predictions)
    if after is not None:
        predictions = predictions.filter(position__gt=after)
    found = list(predictions.select_related("example").order_by("position")[: ROWS + 1])
    older = str(found[ROWS - 1].position) if len(found) > ROWS else ""
    others = _incumbents(evaluation, [each.position for each in found[:ROWS]])
    return ComparedPage([_compared(each, others.get(each.position)) for each in found[:ROWS]], older)


def filters_of(evaluation: Evaluation) -> list[str]:
    return list(_filters(evaluation))


Filter = Callable[["QuerySet[Prediction]"], "QuerySet[Prediction]"]


def _filters(evaluation: Evaluation) -> dict[str, Filter]:
    """The first is what the page begins with."""
    if evaluation.incumbent_id is None:
        return {
            "wrong": lambda rows: rows.filter(correct=False),
            "right": lambda rows: rows.filter(correct=True),
            "all": lambda rows: rows,
        }
    others = Prediction.objects.filter(
        evaluation=evaluation, model=evaluation.incumbent_id, position=OuterRef("position")
    )
    right, wrong = Exists(others.filter(correct=True)), Exists(others.filter(correct=False))
    return {
        "differ": lambda rows: rows.filter(correct=True).filter(wrong) | rows.filter(correct=False).filter(right),
        "candidate": lambda rows: rows.filter(correct=True).filter(wrong),
        "incumbent": lambda rows: rows.filter(correct=False).filter(right),
        "neither": lambda rows: rows.filter(correct=False).filter(wrong),
        "all": lambda rows: rows,
    }


def _incumbents(evaluation: Evaluation, positions: list[int]) -> dict[int, Prediction]:
    found = evaluation.predictions.filter(model=evaluation.incumbent_id, position__in=positions)
    return {prediction.position: prediction for prediction in found}


def _compared(candidate: Prediction, incumbent: Prediction | None) -> Compared:
    messages = candidate.example.messages
    said = [message["content"] for message in messages[:-1] if message.get("role") == "user"]
    return Compared(
        position=candidate.position,
        question=said[-1] if said and isinstance(said[-1], str) else "",
        expected=expected_of(messages),
        trace_id=candidate.example.trace_id,
        candidate=candidate,
        incumbent=incumbent,
    )
