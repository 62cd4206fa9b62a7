"""What jobs leave behind: folders of files in a content-addressed store."""

from django.db import models

from apps.accounts.models import Project
from apps.compute.models.jobs import Job
from llmkit.ids import uuid7


class ArtifactQuerySet(models.QuerySet["Artifact"]):
    def for_project(self, project: Project) -> "ArtifactQuerySet":
        return self.filter(project=project)


class Artifact(models.Model):
    """A folder by its content. manifest: `{relative path: {"sha256": hex, "bytes": int}}`; digest is its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="artifacts")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="artifacts")
    kind = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    manifest = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "digest"], name="artifact_by_digest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"


class Checkpoint(models.Model):
    """A state from which a job can go on. attempt: who made it, the fencing token of then."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="checkpoints")
    attempt = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="checkpoint_step_in_job")]

    def __str__(self) -> str:
        return f"{self.job} at step {self.step}"
