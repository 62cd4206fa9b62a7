"""What the page of one evaluation shows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from apps.evaluation import charts
from apps.evaluation.domain.reading import accuracy, comparison_of, percent, signed_points, spread
from apps.evaluation.models import Evaluation
from apps.evaluation.queries import compared_rows, filters_of

FILTERS = {
    "differ": "One of them right",
    "candidate": "Only the candidate right",
    "incumbent": "Only the incumbent right",
    "neither": "Both wrong",
    "wrong": "Wrong",
    "right": "Right",
    "all": "All rows",
}


@dataclass(frozen=True)
class Readout:
    """One figure of the head; see components/stat.html."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class ModelRow:
    """A model's line in the table of figures."""

    name: str
    role: str
    figures: dict[str, Any]
    accuracy: str
    valid: str
    exact: str
    similarities: list[tuple[str, float]]


def evaluation_context(evaluation: Evaluation) -> dict[str, Any]:
    context: dict[str, Any] = {
        "evaluation": evaluation,
        "job": evaluation.job,
        "report": evaluation.report,
        "again": urlencode(_choices(evaluation)),
    }
    if evaluation.report is None:
        return context
    report, names = evaluation.report, [model.name for model in evaluation.models]
    comparison = comparison_of(report, names[0], names[1] if len(names) > 1 else None)
    return {
        **context,
        "comparison": comparison,
        "readouts": _readouts(evaluation, report),
        "models": [_model_row(evaluation, report, name) for name in names],
        "differences": charts.differences(report),
        "accuracies": charts.accuracies(report, names),
        "errors": sum(report["models"][name]["errors"] for name in names),
    }


def _choices(evaluation: Evaluation) -> dict[str, str]:
    """What the form for the same evaluation begins with."""
    choices = {
        "candidate": str(evaluation.candidate_id),
        "incumbent": str(evaluation.incumbent_id or ""),
        "dataset_version": str(evaluation.dataset_version_id),
        "split": evaluation.split,
        "field": evaluation.field,
    }
    return {name: value for name, value in choices.items() if value}


def rows_context(evaluation: Evaluation, *, show: str, after: int | None) -> dict[str, Any]:
    """Unknown filters mean the first, so that an old or mistyped link still shows the page."""
    known = filters_of(evaluation)
    chosen = show if show in known else known[0]
    return {
        "filters": [(name, FILTERS[name]) for name in known],
        "show": chosen,
        "page": compared_rows(evaluation, show=chosen, after=after) if evaluation.report is not None else None,
    }


def _readouts(evaluation: Evaluation, report: dict[str, Any]) -> list[Readout]:
    found = [
        _accuracy_readout(evaluation, report, model.name, role)
        for model, role in zip(evaluation.models, ("Candidate", "Incumbent"), strict=False)
    ]
    comparison = report["comparison"]
    if comparison:
        low, high = map(signed_points, comparison["interval"])
        found.append(
            Readout("Difference", signed_points(comparison["difference"]), "points", f"95 % between {low} and {high}")
        )
    field = f"on {evaluation.field}" if evaluation.field else "on whole answers"
    return [
        *found,
        Readout("Rows", f"{report['rows']:,}", note=f"compared {field}" if comparison else f"judged {field}"),
    ]


def _accuracy_readout(evaluation: Evaluation, report: dict[str, Any], name: str, role: str) -> Readout:
    share = accuracy(report, name, evaluation.field)
    interval = spread(share, (report["comparison"] or report)["rows"])
    note = f"95 % between {percent(interval.low)} and {percent(interval.high)}" if interval else ""
    return Readout(f"{role} right", percent(share), note=note)


def _model_row(evaluation: Evaluation, report: dict[str, Any], name: str) -> ModelRow:
    figures = report["models"][name]
    return ModelRow(
        name=name,
        role="candidate" if name == evaluation.candidate.name else "incumbent",
        figures=figures,
        accuracy=percent(accuracy(report, name, evaluation.field)),
        valid=percent(figures["json_valid"]),
        exact=percent(figures["exact"]),
        similarities=[(field, round(value, 3)) for field, value in figures["similarity"].items()],
    )
