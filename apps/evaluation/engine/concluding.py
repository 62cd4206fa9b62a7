"""From stored predictions to the report."""

from typing import Any
from uuid import UUID

from apps.evaluation.domain.report import Judged, Row, build_report
from apps.evaluation.domain.scoring import Scores
from apps.evaluation.engine.calls import rows_of
from apps.evaluation.models import Evaluation

COLUMNS = ("position", "example__tags", "model_id", "scores", "latency_ms", "error")


class Incomplete(Exception):
    """Rows have no prediction yet; a report of them would favour one of the models."""


def report_on(evaluation: Evaluation) -> dict[str, Any]:
    """Incomplete unless every model has a prediction for every row."""
    names: dict[UUID, str] = {model.id: model.name for model in evaluation.models}
    rows: dict[int, Row] = {}
    for position, tags, model_id, scores, latency_ms, error in evaluation.predictions.order_by("position").values_list(
        *COLUMNS
    ):
        row = rows.setdefault(position, Row(tags, {}))
        row.judged[names[model_id]] = Judged(Scores.of_json(scores), latency_ms, failed=bool(error))
    expected = rows_of(evaluation).count()
    whole = sum(len(row.judged) == len(names) for row in rows.values())
    if whole < expected:
        raise Incomplete(f"Only {whole} of {expected} rows have been answered.")
    incumbent = evaluation.incumbent.name if evaluation.incumbent else None
    return build_report(
        list(rows.values()), candidate=evaluation.candidate.name, incumbent=incumbent, field=evaluation.field
    )
