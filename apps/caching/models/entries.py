"""Kept answers that similar questions may have."""

from datetime import datetime

from django.db import models
from pgvector.django import VectorField

from apps.accounts.models import Project
from apps.caching.domain.policy import DIMENSIONS


class SemanticEntryQuerySet(models.QuerySet["SemanticEntry"]):
    def for_project(self, project: Project) -> "SemanticEntryQuerySet":
        return self.filter(project=project)

    def expired(self, at: datetime) -> "SemanticEntryQuerySet":
        return self.filter(expires_at__lte=at)


class SemanticEntry(models.Model):
    """partition: hash of all that has to be equal for a hit: project, route, scope, route version and model, embedder,
    language, system prompt, tools, parameters and the conversation before the question. key: of the exact answer.

    The gateway writes and reads these rows without Django. Their HNSW index is made in SQL by the first migration: it
    holds half-precision numbers, which keeps it in memory, and the nearest few are then compared exactly.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=100)
    scope = models.CharField(max_length=450)
    embedder = models.CharField(max_length=320)
    partition = models.BinaryField(max_length=32)
    key = models.BinaryField(max_length=32, unique=True)
    question = models.TextField()
    embedding = VectorField(dimensions=DIMENSIONS)
    answer = models.BinaryField()
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    hits = models.PositiveBigIntegerField(default=0)

    objects = SemanticEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["partition"], name="semantic_entry_partition"),
            models.Index(fields=["project", "route"], name="semantic_entry_route"),
            models.Index(fields=["expires_at"], name="semantic_entry_expiry"),
        ]

    def __str__(self) -> str:
        return self.question[:60]
