"""Spans as they are stored: wide immutable rows partitioned by day, payloads beside them, sums per minute.

The partitioned tables are made by the first migration in SQL; Django only reads and describes them.
"""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import Project


class SpanQuerySet(models.QuerySet["Span"]):
    def for_project(self, project: Project) -> "SpanQuerySet":
        return self.filter(project_id=project.id)

    def between(self, start: datetime, end: datetime) -> "SpanQuerySet":
        """Spans that began in the half-open interval; every query needs one, or it reads all partitions."""
        return self.filter(start_time__gte=start, start_time__lt=end)

    def entries(self) -> "SpanQuerySet":
        return self.filter(is_entry=True)

    def failed(self) -> "SpanQuerySet":
        return self.filter(status="error")

    def of_trace(self, trace_id: uuid.UUID) -> "SpanQuerySet":
        return self.filter(trace_id=trace_id).order_by("start_time", "span_id")


class Span(models.Model):
    """One finished step. Durations are microseconds, costs nano-dollars; a missing figure is NULL, never 0."""

    pk = models.CompositePrimaryKey("start_time", "project_id", "trace_id", "span_id")
    project_id = models.UUIDField()
    trace_id = models.UUIDField()
    span_id = models.CharField(max_length=16)
    parent_id = models.CharField(max_length=16, blank=True)
    is_entry = models.BooleanField()
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=5)
    status_message = models.TextField(blank=True)
    start_time = models.DateTimeField()
    duration_us = models.BigIntegerField()
    first_token_us = models.BigIntegerField(null=True)
    operation = models.CharField(max_length=40, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    request_model = models.CharField(max_length=200, blank=True)
    response_model = models.CharField(max_length=200, blank=True)
    route = models.CharField(max_length=100, blank=True)
    route_version = models.IntegerField(null=True)
    prompt_name = models.CharField(max_length=200, blank=True)
    prompt_version = models.CharField(max_length=60, blank=True)
    end_user = models.CharField(max_length=200, blank=True)
    session_id = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=60, blank=True)
    release = models.CharField(max_length=60, blank=True)
    key_id = models.UUIDField(null=True)
    http_status = models.SmallIntegerField(null=True)
    error_type = models.CharField(max_length=100, blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    input_tokens = models.IntegerField(null=True)
    output_tokens = models.IntegerField(null=True)
    cached_tokens = models.IntegerField(null=True)
    usage_estimated = models.BooleanField(default=False)
    cost_nano = models.BigIntegerField(null=True)
    price_version_id = models.UUIDField(null=True)
    received_at = models.DateTimeField(db_default=Now())

    objects = SpanQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "tracing_span"

    def __str__(self) -> str:
        return f"{self.name} ({self.span_id})"


class SpanPayload(models.Model):
    """What went in and came out of a span, and every attribute as it was sent."""

    pk = models.CompositePrimaryKey("start_time", "project_id", "trace_id", "span_id")
    project_id = models.UUIDField()
    trace_id = models.UUIDField()
    span_id = models.CharField(max_length=16)
    start_time = models.DateTimeField()
    request = models.JSONField(null=True)
    response = models.JSONField(null=True)
    attributes = models.JSONField(default=dict)
    events = models.JSONField(default=list)
    # The conversation as plain words, for full-text search and for the list's preview.
    input_text = models.TextField(blank=True)
    output_text = models.TextField(blank=True)

    class Meta:
        managed = False
        db_table = "tracing_spanpayload"

    def __str__(self) -> str:
        return f"Payload of {self.span_id}"


class TraceMinute(models.Model):
    """Requests of one minute, route, model and outcome, counted once when their span is stored.

    Histograms count durations in the buckets of `domain.histogram`, so that they add up over any time range.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    minute = models.DateTimeField()
    route = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    failed = models.BooleanField()
    requests = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cost_nano = models.BigIntegerField()
    duration_counts: "ArrayField[list[int], list[Any]]" = ArrayField(models.IntegerField())
    first_token_counts: "ArrayField[list[int], list[Any]]" = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "minute", "route", "model", "failed"], name="one_row_per_minute")
        ]

    def __str__(self) -> str:
        return f"{self.requests} requests at {self.minute:%H:%M}"
