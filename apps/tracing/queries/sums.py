"""Sums over entry spans that sessions and users share."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, DateTimeField, DurationField, ExpressionWrapper, F, Max, Min, Q, Sum
from django.db.models.query import QuerySet

from apps.tracing.domain.position import Position
from apps.tracing.models import SpanQuerySet

_LENGTH = ExpressionWrapper(F("duration_us") * timedelta(microseconds=1), output_field=DurationField())
_END = ExpressionWrapper(F("start_time") + _LENGTH, output_field=DateTimeField())


def grouped(spans: SpanQuerySet, column: str, **more: Any) -> "QuerySet[Any, dict[str, Any]]":
    """One row per value of `column`, the latest activity first."""
    groups: Any = spans.exclude(**{column: ""}).values(key=F(column))
    rows: QuerySet[Any, dict[str, Any]] = groups.annotate(**sums(), **more).order_by("-ended", "-key")
    return rows


def sums() -> dict[str, Any]:
    return {
        "started": Min("start_time"),
        "ended": Max(_END),
        "traces": Count("span_id"),
        "failed": Count("span_id", filter=Q(status="error")),
        "input_tokens": Sum("input_tokens"),
        "output_tokens": Sum("output_tokens"),
        "cost_nano": Sum("cost_nano"),
    }


def behind(rows: "QuerySet[Any, dict[str, Any]]", position: Position | None) -> "QuerySet[Any, dict[str, Any]]":
    """Those that come after a position."""
    if position is None:
        return rows
    return rows.filter(Q(ended__lt=position.moment) | Q(ended=position.moment, key__lt=position.name))
