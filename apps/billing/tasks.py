"""The doors through which Celery comes in."""

from typing import Any

from celery import shared_task

from apps.billing.engine import repricing_jobs


@shared_task(name="billing.reprice_waiting")  # type: ignore[untyped-decorator]  # Celery has no types
def reprice_waiting(**_: Any) -> None:
    repricing_jobs.run_waiting()
