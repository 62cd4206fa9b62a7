"""Sums per hour, from which the pages read, so that their cost doesn't grow with traffic."""

from datetime import datetime

from django.db import models

from apps.accounts.models import Project


class SpendHourQuerySet(models.QuerySet["SpendHour"]):
    def for_project(self, project: Project) -> "SpendHourQuerySet":
        return self.filter(project=project)

    def between(self, start: datetime, end: datetime) -> "SpendHourQuerySet":
        """Hours that began in the half-open interval."""
        return self.filter(hour__gte=start, hour__lt=end)

    def along(self, dimension: str) -> "SpendHourQuerySet":
        return self.filter(dimension=dimension)


class SpendHour(models.Model):
    """What one hour cost along one dimension; the fields are those of `domain.spending.SpendSums`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    dimension = models.CharField(max_length=12)
    value = models.CharField(max_length=200, blank=True)
    requests = models.BigIntegerField(default=0)
    cache_hits = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    cache_creation_tokens = models.BigIntegerField(default=0)
    audio_tokens = models.BigIntegerField(default=0)
    image_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    amount_nano = models.BigIntegerField(default=0)
    estimated_nano = models.BigIntegerField(default=0)
    saved_nano = models.BigIntegerField(default=0)

    objects = SpendHourQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "dimension", "hour", "value"], name="one_row_per_spend_hour")
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} at {self.hour:%Y-%m-%d %H}h"
