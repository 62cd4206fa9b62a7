"""The calls that an evaluation still has to make, and the rows that their answers become."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.datasets.models import VersionRow
from apps.evaluation.domain.request import Request, expected_of
from apps.evaluation.domain.scoring import checker_of, failed, score
from apps.evaluation.models import Evaluation, Prediction
from apps.serving.models import CatalogueModel
from apps.serving.services.completing import Completion

SAVED = ["output", "error", "scores", "correct", "latency_ms"]


@dataclass(frozen=True)
class Call:
    """One model asked one row."""

    model: CatalogueModel
    position: int
    example_id: UUID
    messages: list[dict[str, object]]
    expected: str


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a completion, or why there is none."""

    call: Call
    completion: Completion | None
    error: str = ""


def rows_of(evaluation: Evaluation) -> QuerySet[VersionRow]:
    members = VersionRow.objects.filter(version=evaluation.dataset_version, split=evaluation.split)
    return members.select_related("example").order_by("position")


def open_calls(evaluation: Evaluation) -> list[Call]:
    """Row by row, the models side by side: whatever changes in the meantime meets both alike.

    Calls that were answered in an earlier attempt are left out; those that failed are made again.
    """
    request = Request.of_json(evaluation.request)
    answered = set(evaluation.predictions.answered().values_list("model_id", "example_id"))
    return [
        Call(model, row.position, row.example_id, request.messages_for(row.example.messages), expected)
        for row in rows_of(evaluation)
        for expected in [expected_of(row.example.messages)]
        for model in evaluation.models
        if (model.id, row.example_id) not in answered
    ]


class Scorer:
    """Scores and stores what came of the calls of one evaluation."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._checker = checker_of(evaluation.dataset_version.dataset.answer_schema)

    def save(self, outcomes: Iterable[Outcome]) -> None:
        """Safe to repeat: an answer replaces an earlier error, an error never replaces an answer."""
        predictions = [self._predict(outcome) for outcome in outcomes]
        Prediction.objects.bulk_create(
            [prediction for prediction in predictions if not prediction.error],
            update_conflicts=True,
            unique_fields=["evaluation", "model", "example"],
            update_fields=SAVED,
        )
        Prediction.objects.bulk_create(
            [prediction for prediction in predictions if prediction.error], ignore_conflicts=True
        )

    def _predict(self, outcome: Outcome) -> Prediction:
        call, completion = outcome.call, outcome.completion
        if completion is None:
            scores = failed(expected=call.expected)
        else:
            scores = score(expected=call.expected, output=completion.text, checker=self._checker)
        return Prediction(
            evaluation=self._evaluation,
            model=call.model,
            example_id=call.example_id,
            position=call.position,
            output=storable(completion.text) if completion else "",
            error=storable(outcome.error),
            scores=scores.as_json(),
            correct=scores.correct(self._evaluation.field),
            latency_ms=completion.latency_ms if completion else None,
        )


def storable(text: str) -> str:
    """Postgres takes neither NUL nor half a surrogate pair, both of which JSON can bring."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
