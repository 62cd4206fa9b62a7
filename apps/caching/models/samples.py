"""Semantic hits that were also answered freshly, to see whether the kept answer would have done."""

from datetime import datetime
from uuid import UUID

from django.db import models

from apps.accounts.models import Project
from llmkit.ids import uuid7


class CacheSampleQuerySet(models.QuerySet["CacheSample"]):
    def for_project(self, project: Project) -> "CacheSampleQuerySet":
        return self.filter(project=project)

    def of_route(self, project_id: UUID, route: str) -> "CacheSampleQuerySet":
        return self.filter(project_id=project_id, route=route)

    def pending(self) -> "CacheSampleQuerySet":
        return self.filter(judged_at=None)

    def judged_since(self, moment: datetime) -> "CacheSampleQuerySet":
        """Of hits that were given from that moment on."""
        return self.filter(created_at__gte=moment).exclude(judged_at=None)


class CacheSample(models.Model):
    """question: asked; known: the kept one; kept, fresh: the answers' texts. same: None until it is judged."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=100)
    question = models.TextField()
    known = models.TextField()
    similarity = models.FloatField()
    kept = models.TextField()
    fresh = models.TextField()
    same = models.BooleanField(null=True)
    method = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True)

    objects = CacheSampleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["project", "route", "created_at"], name="cache_sample_of_route")]

    def __str__(self) -> str:
        return self.question[:60]
