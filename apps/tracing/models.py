"""Spans as they are stored: wide immutable rows partitioned by day, payloads beside them, sums per minute.

The first migration makes the partitioned tables and their indexes in SQL: Django knows of no partitions.
"""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
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

    def succeeded(self) -> "SpanQuerySet":
        return self.exclude(status="error")

    def of_trace(self, trace_id: uuid.UUID) -> "SpanQuerySet":
        return self.filter(trace_id=trace_id).order_by("start_time", "span_id")

    def with_model(self, model: str) -> "SpanQuerySet":
        """Spans that asked for this model or got it."""
        return self.filter(Q(request_model=model) | Q(response_model=model))

    def of_traces_saying(self, text: str, payloads: "SpanPayloadQuerySet") -> "SpanQuerySet":
        """Spans whose trace has the words in one of `payloads`, which must be bounded in time."""
        return self.filter(trace_id__in=payloads.saying(text).values("trace_id"))

    def newest_first(self) -> "SpanQuerySet":
        return self.order_by("-start_time", "-trace_id", "-span_id")


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
    # What was last asked and answered, in one line: the list shows it without opening payloads.
    input_preview = models.CharField(max_length=200, blank=True)
    output_preview = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    objects = SpanQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.span_id})"


class WordsQuery(SearchQuery):
    """Words as people type them into a search box; the last one may be unfinished."""

    template = (
        "(SELECT CASE WHEN right(t, 1) = '''' THEN (t || ':*')::tsquery ELSE t::tsquery END"
        " FROM (SELECT %(function)s(%(expressions)s)::text AS t) AS typed)"
    )

    def __init__(self, text: str) -> None:
        super().__init__(text, config="simple", search_type="websearch")


class SpanPayloadQuerySet(models.QuerySet["SpanPayload"]):
    def for_project(self, project: Project) -> "SpanPayloadQuerySet":
        return self.filter(project_id=project.id)

    def between(self, start: datetime, end: datetime) -> "SpanPayloadQuerySet":
        return self.filter(start_time__gte=start, start_time__lt=end)

    def saying(self, text: str) -> "SpanPayloadQuerySet":
        return self.filter(words=WordsQuery(text))


class SpanPayloadManager(models.Manager.from_queryset(SpanPayloadQuerySet)):  # type: ignore[misc]  # made at run time
    def get_queryset(self) -> SpanPayloadQuerySet:
        """Without the index of words, which is for Postgres to search and for nobody to read."""
        rows: SpanPayloadQuerySet = super().get_queryset().defer("words")
        return rows


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
    # The conversation as plain words, for full-text search.
    input_text = models.TextField(blank=True)
    output_text = models.TextField(blank=True)
    words = models.GeneratedField(
        expression=SearchVector("input_text", "output_text", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = SpanPayloadManager()

    def __str__(self) -> str:
        return f"Payload of {self.span_id}"


class TraceMinuteQuerySet(models.QuerySet["TraceMinute"]):
    def for_project(self, project: Project) -> "TraceMinuteQuerySet":
        return self.filter(project=project)

    def between(self, start: datetime, end: datetime) -> "TraceMinuteQuerySet":
        """Minutes that began in the half-open interval."""
        return self.filter(minute__gte=start, minute__lt=end)


class TraceMinute(models.Model):
    """Requests of one minute, route, model and outcome, counted once when their span is stored.

    Histograms are `domain.histogram` counts, which add up over any time range.
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
    duration_histogram: "ArrayField[list[int], list[Any]]" = ArrayField(models.IntegerField())
    first_token_histogram: "ArrayField[list[int], list[Any]]" = ArrayField(models.IntegerField())

    objects = TraceMinuteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "minute", "route", "model", "failed"], name="one_row_per_minute")
        ]

    def __str__(self) -> str:
        return f"{self.requests} requests at {self.minute:%H:%M}"
