"""Models whose weights this installation holds: bases by their folder, adapters by their artifact."""

from django.db import models

from apps.accounts.models import Project
from apps.compute.models import Artifact
from apps.serving.models.catalogue import CatalogueModel
from llmkit.ids import uuid7


class LocalModelQuerySet(models.QuerySet["LocalModel"]):
    def for_project(self, project: Project) -> "LocalModelQuerySet":
        return self.filter(model__project=project)

    def bases(self) -> "LocalModelQuerySet":
        return self.exclude(folder="")

    def adapters(self) -> "LocalModelQuerySet":
        return self.exclude(artifact=None)

    def in_service(self) -> "LocalModelQuerySet":
        return self.filter(model__disabled_at=None, model__provider__disabled_at=None)


class LocalModel(models.Model):
    """The registry entry of a catalogue model of the local engine.

    A base has a folder in Hugging Face layout; an adapter has its artifact and the base it was trained on.
    dataset_version_id, run_id and recipe say what made an adapter; those apps stand beside or above this one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.OneToOneField(CatalogueModel, on_delete=models.CASCADE, related_name="local")
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="adapters")
    folder = models.CharField(max_length=500, blank=True)
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, null=True, related_name="+")
    recipe = models.JSONField(default=dict)
    dataset_version_id = models.UUIDField(null=True)
    run_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LocalModelQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.model)
