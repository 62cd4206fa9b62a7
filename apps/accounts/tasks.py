"""The doors through which Celery comes in."""

from typing import Any

from celery import shared_task

from apps.accounts import engine


@shared_task(name="accounts.forget_ended_sessions")  # type: ignore[untyped-decorator]  # Celery has no types
def forget_ended_sessions(**unknown: Any) -> None:
    engine.forget_ended_sessions()
