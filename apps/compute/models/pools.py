"""Pools of machines, and the workers on them."""

from django.db import models

from llmkit.ids import uuid7


class Pool(models.Model):
    """Workers that can stand in for each other; one Celery queue. Machines serve the whole installation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def queue(self) -> str:
        return f"pool.{self.name}"


class Worker(models.Model):
    """A Celery worker process as it registered itself. Belongs to its pool, and so to the installation.

    devices: `[{"kind": "cpu"|"cuda", "name": str, "memory_bytes": int}]`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="workers")
    name = models.CharField(max_length=200)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    devices = models.JSONField(default=list)
    cpus = models.PositiveIntegerField()
    memory_bytes = models.BigIntegerField()
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["pool", "-last_seen_at"], name="worker_last_seen")]

    def __str__(self) -> str:
        return self.name
