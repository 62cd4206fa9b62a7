"""Doors for Celery."""

from typing import Any

from celery import shared_task

from apps.tracing.engine import partitions


@shared_task(name="tracing.make_partitions_ahead")  # type: ignore[untyped-decorator]  # Celery has no types
def make_partitions_ahead(**_: Any) -> None:
    partitions.make_partitions_ahead()
