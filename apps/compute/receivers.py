"""Celery's news about this process: it became a worker, it has to stop."""

import logging
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.db import DatabaseError, connection

from apps.compute.engine import workers

log = logging.getLogger(__name__)


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
def register(sender: Any, **_: Any) -> None:
    workers.register(name=str(sender.hostname), queues=list(sender.app.amqp.queues.consume_from))
    connection.close()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def stop_jobs(**_: Any) -> None:
    workers.STOPPING.set()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def leave(**_: Any) -> None:
    try:
        workers.leave()
    except DatabaseError as error:
        log.warning("This worker left without a word: %s", error)
