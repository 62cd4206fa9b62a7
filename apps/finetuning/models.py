"""Finetuning runs: a base, a dataset version and a recipe become an adapter that is served as a model."""

from django.db import models

from apps.accounts.models import Project, User
from apps.compute.models import Artifact, Job
from apps.datasets.models import DatasetVersion
from apps.serving.models import CatalogueModel
from llmkit.ids import uuid7


class FinetuneRunQuerySet(models.QuerySet["FinetuneRun"]):
    def for_project(self, project: Project) -> "FinetuneRunQuerySet":
        return self.filter(project=project)


class FinetuneRun(models.Model):
    """name is what the new model will be called. State, progress, log and loss stand on its job.

    recipe: `domain.recipe.Recipe` as JSON, every value resolved. adapter and model are set once it succeeded.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="finetune_runs")
    name = models.CharField(max_length=100)
    base = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="finetuned_by")
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="finetune_runs")
    recipe = models.JSONField()
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="finetune_run")
    adapter = models.ForeignKey(Artifact, on_delete=models.PROTECT, null=True, related_name="+")
    model = models.OneToOneField(CatalogueModel, on_delete=models.PROTECT, null=True, related_name="finetune_run")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FinetuneRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="finetune_newest_first")]

    def __str__(self) -> str:
        return self.name
