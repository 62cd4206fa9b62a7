"""Computing the costs of a period again, in the background."""

from datetime import datetime
from typing import Any

from django.db import models

from apps.accounts.models import Project, User
from llmkit.ids import uuid7


class RepricingQuerySet(models.QuerySet["Repricing"]):
    def for_project(self, project: Project) -> "RepricingQuerySet":
        return self.filter(project=project)

    def waiting(self) -> "RepricingQuerySet":
        """Not finished, the oldest first."""
        return self.filter(finished_at=None).select_related("project").order_by("id")


class Repricing(models.Model):
    """The wish to reprice [start, end), and how far it has come. model: empty for all.

    dry_run: nothing is written, only told. result: `domain.repriced.Repriced` as JSON.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="repricings")
    start = models.DateTimeField()
    end = models.DateTimeField()
    model = models.CharField(max_length=100, blank=True)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = RepricingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="repricing_newest_first")]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"

    @property
    def finished(self) -> bool:
        return self.finished_at is not None

    def mark_progress(self, done: int, total: int) -> None:
        self.state, self.done, self.total = self.State.RUNNING, done, total
        self.save(update_fields=["state", "done", "total"])

    def mark_succeeded(self, at: datetime, result: dict[str, Any]) -> None:
        self.state, self.finished_at, self.result = self.State.SUCCEEDED, at, result
        self.save(update_fields=["state", "finished_at", "result"])

    def mark_failed(self, at: datetime, error: str) -> None:
        self.state, self.finished_at, self.error = self.State.FAILED, at, error[:300]
        self.save(update_fields=["state", "finished_at", "error"])
