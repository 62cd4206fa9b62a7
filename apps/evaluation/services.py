"""What people and other apps ask of evaluation."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.compute.models import Pool
from apps.compute.services import start_job
from apps.datasets.models import DatasetVersion, VersionRow
from apps.evaluation.domain.request import Request, RequestProblem, expected_of
from apps.evaluation.domain.scoring import fields_of
from apps.evaluation.engine.kind import EvaluationKind
from apps.evaluation.models import Evaluation
from apps.serving.models import CatalogueModel


@transaction.atomic
def start_evaluation(
    *,
    actor: Actor,
    project: Project,
    candidate: CatalogueModel,
    incumbent: CatalogueModel | None,
    dataset_version: DatasetVersion,
    split: str = "test",
    request: dict[str, Any],
    pool: Pool,
    title: str = "",
    field: str = "",
) -> Evaluation:
    """Ask the candidate, and the incumbent if there is one, every row of a split, and compare them.

    request: what every call carries, as on a route: `{"system_prompt": str, "defaults": {…}}`. field: of the expected
    answers, on which models are compared; "" leaves it to the dataset's schema: its first field with fixed choices, or
    else the whole answer. ValidationError naming the argument that doesn't fit.
    """
    if dataset_version.dataset.project_id != project.id:
        raise ValidationError({"dataset_version": "This dataset belongs to another project."})
    _check_models(project, candidate, incumbent)
    carried = _read_request(request)
    compared = _choose_field(dataset_version, split, field)
    title = (title or _title(candidate, incumbent, dataset_version))[:200]
    spec = {"dataset_version": str(dataset_version.id), "split": split}
    job = start_job(actor=actor, project=project, pool=pool, kind=EvaluationKind.name, title=title, spec=spec)
    evaluation = Evaluation.objects.create(
        project=project,
        title=title,
        dataset_version=dataset_version,
        split=split,
        candidate=candidate,
        incumbent=incumbent,
        request=carried.as_json(),
        field=compared,
        job=job,
        created_by=actor.user,
    )
    detail = {
        "candidate": candidate.name,
        "incumbent": incumbent.name if incumbent else None,
        "dataset": str(dataset_version),
        "split": split,
        "field": compared,
    }
    record_change(actor=actor, action="evaluation.started", target=title, project=project, detail=detail)
    return evaluation


def _check_models(project: Project, candidate: CatalogueModel, incumbent: CatalogueModel | None) -> None:
    usable = CatalogueModel.objects.for_project(project).enabled()
    for role, model in (("candidate", candidate), ("incumbent", incumbent)):
        if model is None:
            continue
        if model.project_id != project.id:
            raise ValidationError({role: f"The model {model} belongs to another project."})
        if not usable.filter(id=model.id).exists():
            raise ValidationError({role: f"The model {model} is out of service. Put it into service first."})
    if incumbent is not None and candidate.id == incumbent.id:
        raise ValidationError({"incumbent": f"Compare {candidate} with another model, or with none."})


def _read_request(request: dict[str, Any]) -> Request:
    try:
        return Request.of_json(request)
    except RequestProblem as problem:
        raise ValidationError({"request": str(problem)}) from problem


def _choose_field(version: DatasetVersion, split: str, field: str) -> str:
    """The field to compare on; ValidationError for a split without rows, and a field that no answer has."""
    members = VersionRow.objects.filter(version=version, split=split)
    answers = [expected_of(messages) for messages in members.values_list("example__messages", flat=True)]
    if not answers:
        sizes = ", ".join(f"{name} {rows:,}" for name, rows in version.splits.items() if rows) or "none"
        raise ValidationError({"split": f"{version} has no rows in the split '{split}'. It has: {sizes}."})
    known = list(dict.fromkeys(name for answer in answers for name in fields_of(answer)))
    if field and field not in known:
        hint = f"They have: {', '.join(known[:20])}." if known else "They are no JSON objects."
        raise ValidationError({"field": f"No expected answer has the field '{field}'. {hint}"})
    return field or _field_of_schema(version.dataset.answer_schema, known)


def _field_of_schema(schema: dict[str, Any] | None, known: list[str]) -> str:
    """The first field with fixed choices: on free text, hardly two answers are ever the same."""
    properties = (schema or {}).get("properties")
    if not isinstance(properties, dict):
        return ""
    return next((name for name, rule in properties.items() if name in known and "enum" in rule), "")


def _title(candidate: CatalogueModel, incumbent: CatalogueModel | None, version: DatasetVersion) -> str:
    return f"{candidate} against {incumbent}" if incumbent else f"{candidate} on {version}"
