"""Doors for Celery."""

import uuid
from typing import Any

from celery import shared_task

from apps.pipelines.engine import advancing, collecting


@shared_task(name="pipelines.collect_feedback")  # type: ignore[untyped-decorator]  # Celery has no types
def collect_feedback(*, feedback_id: str, **_: Any) -> None:
    collecting.collect_feedback(feedback_id=uuid.UUID(feedback_id))


@shared_task(name="pipelines.catch_up")  # type: ignore[untyped-decorator]  # Celery has no types
def catch_up(**_: Any) -> None:
    collecting.collect_recent()
    advancing.advance_waiting()
