"""Connecting the rooms of a project into a wheel."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import Actor, record_change
from apps.annotation.models import AnnotationQueue
from apps.compute.models import Pool
from apps.datasets.models import DatasetVersion, VersionRow
from apps.evaluation.domain.request import expected_of
from apps.evaluation.domain.scoring import fields_of
from apps.finetuning.domain.recipe import Recipe, RecipeProblem
from apps.gateway.models import Route
from apps.pipelines.domain.gate import Gate, GateProblem
from apps.pipelines.models import Wheel
from apps.serving.models import CatalogueModel


@transaction.atomic
def create_wheel(
    *,
    actor: Actor,
    route: Route,
    queue: AnnotationQueue,
    exam: DatasetVersion,
    base: CatalogueModel,
    pool: Pool,
    recipe: dict[str, Any] | None = None,
    gate: dict[str, Any] | None = None,
    auto_promote: bool = False,
) -> Wheel:
    """The wheel of a route, which has none yet; ValidationError names the part that does not fit."""
    if Wheel.objects.for_project(route.project).filter(route=route).exists():
        raise ValidationError({"route": f"The route '{route}' has a wheel already: change that one."})
    wheel = Wheel(project=route.project, route=route)
    _fit(wheel, queue=queue, exam=exam, base=base, pool=pool, recipe=recipe, gate=gate, auto_promote=auto_promote)
    record_change(actor=actor, action="wheel.created", target=str(wheel), project=wheel.project, detail=_parts(wheel))
    return wheel


@transaction.atomic
def change_wheel(
    *,
    actor: Actor,
    wheel: Wheel,
    queue: AnnotationQueue,
    exam: DatasetVersion,
    base: CatalogueModel,
    pool: Pool,
    recipe: dict[str, Any] | None = None,
    gate: dict[str, Any] | None = None,
    auto_promote: bool = False,
) -> None:
    """Other parts for a wheel; a turn that is under way meets the exam and the gate that are set when it gets there."""
    _fit(wheel, queue=queue, exam=exam, base=base, pool=pool, recipe=recipe, gate=gate, auto_promote=auto_promote)
    record_change(actor=actor, action="wheel.changed", target=str(wheel), project=wheel.project, detail=_parts(wheel))


def _fit(
    wheel: Wheel,
    *,
    queue: AnnotationQueue,
    exam: DatasetVersion,
    base: CatalogueModel,
    pool: Pool,
    recipe: dict[str, Any] | None,
    gate: dict[str, Any] | None,
    auto_promote: bool,
) -> None:
    _belong(wheel, queue=queue, exam=exam.dataset, base=base)
    if exam.dataset_id == queue.dataset_id:
        raise ValidationError({"exam": "The exam has to be another dataset than the one that answers go to."})
    if not hasattr(base, "local") or not base.local.folder:
        raise ValidationError(
            {"base": f"The weights of {base} are not on this installation, so it can't be finetuned."}
        )
    try:
        Recipe.from_json(recipe or {})
        wheel.gate = Gate.of(gate or {}).stored()
    except RecipeProblem as problem:
        raise ValidationError({"recipe": str(problem)}) from problem
    except GateProblem as problem:
        raise ValidationError({"gate": problem.message}) from problem
    wheel.queue, wheel.dataset, wheel.exam, wheel.base, wheel.pool = queue, queue.dataset, exam, base, pool
    wheel.recipe, wheel.auto_promote = recipe or {}, auto_promote
    _check_exam(exam, wheel.gate["field"])
    wheel.save()


def _check_exam(exam: DatasetVersion, field: str) -> None:
    """What would come to light only after a training: nothing to ask, or answers without what the gate looks at."""
    if not exam.splits.get(VersionRow.Split.TEST):
        raise ValidationError({"exam": f"{exam} has no rows in the split 'test', and only these are asked."})
    rows = VersionRow.objects.filter(version=exam, split=VersionRow.Split.TEST)
    asked = rows.order_by("position").values_list("example__messages", flat=True)
    if not any(field in fields_of(expected_of(messages)) for messages in asked.iterator()):
        raise ValidationError({"gate": f"No answer of {exam} has the field '{field}', so the gate could not decide."})


def _parts(wheel: Wheel) -> dict[str, Any]:
    """As the audit log keeps them: who loosens a gate shall be seen to."""
    names = {name: str(getattr(wheel, name)) for name in ("queue", "exam", "base", "pool")}
    return names | {"recipe": wheel.recipe, "gate": wheel.gate, "auto_promote": wheel.auto_promote}


def _belong(wheel: Wheel, **parts: Any) -> None:
    for name, part in parts.items():
        if part.project_id != wheel.project_id:
            raise ValidationError({name: f"{part} belongs to another project than the route."})
