"""What caches did, hour by hour."""

from datetime import datetime

from django.db import models

from apps.accounts.models import Project


class CacheHourQuerySet(models.QuerySet["CacheHour"]):
    def for_project(self, project: Project) -> "CacheHourQuerySet":
        return self.filter(project=project)

    def between(self, start: datetime, end: datetime) -> "CacheHourQuerySet":
        return self.filter(hour__gte=start, hour__lt=end)


class CacheHour(models.Model):
    """Sums of one route and hour, which gateway processes add to every few seconds.

    Lookups are exact_hits + semantic_hits + misses; shared: requests that joined another one under way; bypassed: those
    that the cache was not asked about. saved_nano: what the hits would have cost, in nano-dollars.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=100)
    hour = models.DateTimeField()
    exact_hits = models.BigIntegerField(default=0)
    semantic_hits = models.BigIntegerField(default=0)
    misses = models.BigIntegerField(default=0)
    shared = models.BigIntegerField(default=0)
    bypassed = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    evicted = models.BigIntegerField(default=0)
    saved_nano = models.BigIntegerField(default=0)

    objects = CacheHourQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "route", "hour"], name="cache_hour_of_route")]

    def __str__(self) -> str:
        return f"{self.route} at {self.hour:%Y-%m-%d %H}"
