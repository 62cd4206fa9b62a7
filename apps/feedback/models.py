"""What people think of an answer."""

import uuid

from django.db import models

from apps.accounts.models import ApiKey, Project
from llmkit.ids import uuid7


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def for_project(self, project: Project) -> "FeedbackQuerySet":
        return self.filter(project=project)

    def for_trace(self, trace_id: uuid.UUID) -> "FeedbackQuerySet":
        return self.filter(trace_id=trace_id)


class Feedback(models.Model):
    """One person's judgement of one trace; saying it again changes it.

    score runs from -1 (bad) to 1 (good); a thumb is -1 or 1. label is the word that the caller used.
    """

    class Source(models.TextChoices):
        WIDGET = "widget"
        API = "api", "API"
        DASHBOARD = "dashboard"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="feedback")
    trace_id = models.UUIDField()
    score = models.FloatField(null=True)
    label = models.CharField(max_length=60, blank=True)
    comment = models.TextField(blank=True)
    # The product's own name for its user, never an e-mail address of ours.
    end_user = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "trace_id", "end_user"], name="one_judgement_per_person")
        ]
        indexes = [models.Index(fields=["project", "-created_at"], name="feedback_newest_first")]

    def __str__(self) -> str:
        return f"{self.label or self.score} on {self.trace_id}"
