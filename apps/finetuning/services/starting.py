"""Starting runs: everything that can be known beforehand is checked before a worker is kept busy."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.compute.models import Job, Pool
from apps.compute.services import start_job
from apps.datasets.models import DatasetVersion, VersionRow
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.engine.checking import complaint_about_base, complaint_about_rows
from apps.finetuning.engine.kind import FinetuneKind
from apps.finetuning.models import FinetuneRun
from apps.serving.domain.names import complaint_about
from apps.serving.models import CatalogueModel


@transaction.atomic
def start_finetune(
    *,
    actor: Actor,
    project: Project,
    base: CatalogueModel,
    dataset_version: DatasetVersion,
    name: str,
    pool: Pool,
    recipe: Recipe | None = None,
) -> FinetuneRun:
    """Train an adapter on `base` with the train split of a dataset version; it is served under `name` afterwards.

    ValidationError naming `base`, `dataset_version` or `name` when that cannot be.
    """
    recipe = recipe or Recipe()
    _check(project, base, dataset_version, name)
    spec = {"dataset_version": str(dataset_version.id), "base": str(base.id)}
    job = start_job(
        actor=actor, project=project, pool=pool, kind=FinetuneKind.name, title=f"Finetune {name}", spec=spec
    )
    run = FinetuneRun.objects.create(
        project=project,
        name=name,
        base=base,
        dataset_version=dataset_version,
        recipe=recipe.to_json(),
        job=job,
        created_by=actor.user,
    )
    detail = {"base": base.name, "dataset": str(dataset_version), "recipe": run.recipe}
    record_change(actor=actor, action="finetune.started", target=name, project=project, detail=detail)
    return run


def _check(project: Project, base: CatalogueModel, version: DatasetVersion, name: str) -> None:
    # Two starts under one name wait for each other here, so that the second one sees the first.
    Project.objects.select_for_update(of=("self",)).get(id=project.id)
    if version.dataset.project_id != project.id:
        raise ValidationError({"dataset_version": "This dataset belongs to another project."})
    if complaint := complaint_about_base(project, base):
        raise ValidationError({"base": complaint})
    if complaint := complaint_about_rows(version, version.splits.get(VersionRow.Split.TRAIN, 0)):
        raise ValidationError({"dataset_version": complaint})
    if complaint := _complaint_about_name(project, name):
        raise ValidationError({"name": complaint})


def _complaint_about_name(project: Project, name: str) -> str:
    if complaint := complaint_about(name):
        return complaint
    if CatalogueModel.objects.for_project(project).filter(name=name).exists():
        return f"This project already has a model called '{name}'. Choose another name."
    under_way = FinetuneRun.objects.for_project(project).filter(name=name)
    if under_way.filter(job__state__in=[Job.State.QUEUED, Job.State.RUNNING]).exists():
        return f"A run that will be called '{name}' is under way. Choose another name, or cancel that one first."
    return ""
