"""The doors through which Celery comes in."""

from typing import Any

from celery import shared_task

from apps.caching.engine import sampling, sweeping


@shared_task(name="caching.sweep")  # type: ignore[untyped-decorator]  # Celery has no types
def sweep(**_: Any) -> None:
    sweeping.sweep()


@shared_task(name="caching.judge_samples")  # type: ignore[untyped-decorator]
def judge_samples(**_: Any) -> None:
    sampling.judge_samples()
