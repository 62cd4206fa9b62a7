"""Doors for Celery."""

from typing import Any

from celery import shared_task

from apps.compute.engine import claiming, running


# Acknowledged at once: the message is a doorbell, and one that outlives its worker would ring for nothing.
@shared_task(name="compute.run_jobs", acks_late=False, reject_on_worker_lost=False)  # type: ignore[untyped-decorator]
def run_jobs(*, pool: str, **_: Any) -> None:
    running.run_waiting(pool)


@shared_task(name="compute.reconcile", acks_late=False, reject_on_worker_lost=False)  # type: ignore[untyped-decorator]
def reconcile(**_: Any) -> None:
    claiming.reconcile()
