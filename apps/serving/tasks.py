"""The doors through which Celery comes in."""

from typing import Any

from celery import shared_task

from apps.serving.engine import reconciling


@shared_task(name="serving.load_missing_adapters")  # type: ignore[untyped-decorator]  # Celery has no types
def load_missing_adapters(**_: Any) -> None:
    reconciling.load_missing_adapters()
