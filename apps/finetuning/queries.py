"""What the finetuning pages read."""

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Project
from apps.compute.queries import metrics_of
from apps.datasets.models import DatasetVersion, VersionRow
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.models import FinetuneRun, FinetuneRunQuerySet
from apps.serving.models import CatalogueModel

PAGE = 50


@dataclass(frozen=True)
class RunsPage:
    """older: the id after which the next page begins, "" on the last."""

    rows: list[FinetuneRun]
    older: str

    @property
    def moving(self) -> bool:
        return any(not run.job.finished for run in self.rows)


@dataclass(frozen=True)
class LossPoint:
    """A step with what was measured there; None where nothing was."""

    step: int
    loss: float | None
    validation_loss: float | None


def runs_of(project: Project) -> FinetuneRunQuerySet:
    parts = ("base", "dataset_version__dataset", "job__pool", "model", "created_by", "adapter")
    return FinetuneRun.objects.for_project(project).select_related(*parts)


def list_runs(project: Project, *, cursor: UUID | None = None) -> RunsPage:
    """Newest first."""
    runs = runs_of(project).order_by("-id")
    found = list((runs.filter(id__lt=cursor) if cursor else runs)[: PAGE + 1])
    return RunsPage(found[:PAGE], str(found[PAGE - 1].id) if len(found) > PAGE else "")


def loss_of(run: FinetuneRun) -> list[LossPoint]:
    return [
        LossPoint(step, figures.get("loss"), figures.get("validation_loss")) for step, figures in metrics_of(run.job)
    ]


def settings_of(run: FinetuneRun) -> list[tuple[str, Any]]:
    """The recipe in the order in which one thinks of it; the database keeps another."""
    return [(field.name, run.recipe[field.name]) for field in fields(Recipe) if field.name in run.recipe]


def trainable_versions(project: Project) -> QuerySet[DatasetVersion]:
    """Dataset versions to choose from, the newest first."""
    versions = DatasetVersion.objects.filter(dataset__project=project).select_related("dataset")
    return versions.order_by("-id")


def training_rows(version: DatasetVersion) -> int:
    return int(version.splits.get(VersionRow.Split.TRAIN, 0))


def validation_rows(version: DatasetVersion) -> int:
    return int(version.splits.get(VersionRow.Split.VALIDATION, 0))


def free_name(project: Project, wanted: str) -> str:
    """`wanted`, or with the first number behind it that makes it a new name for a model."""
    models = CatalogueModel.objects.for_project(project).filter(name__startswith=wanted)
    runs = FinetuneRun.objects.for_project(project).filter(name__startswith=wanted)
    taken = {*models.values_list("name", flat=True), *runs.values_list("name", flat=True)}
    number = 1
    while (name := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return name
