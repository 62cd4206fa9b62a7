"""Repricing in the background: what people asked for, one after the other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

from apps.billing.engine.repricing import reprice
from apps.billing.models import Repricing
from llmkit import clock

log = logging.getLogger(__name__)
_LOCK = 0x7265_7072  # "repr": one runner at a time, in all processes


def run_waiting() -> None:
    """Run every repricing that is not finished, also those that a lost worker has begun."""
    with _only_one() as alone:
        while alone and (repricing := Repricing.objects.waiting().first()):
            _run(repricing)


def _run(repricing: Repricing) -> None:
    try:
        found = reprice(
            repricing.project,
            repricing.start,
            repricing.end,
            model=repricing.model,
            dry_run=repricing.dry_run,
            progress=repricing.mark_progress,
        )
    except DatabaseError:
        raise  # Postgres may be away; the next run takes it up again
    except Exception:
        log.exception("The repricing %s failed.", repricing.id)
        repricing.mark_failed(clock.now(), "It failed unexpectedly; the log of the worker says why.")
    else:
        repricing.mark_succeeded(clock.now(), found.as_json())


@contextmanager
def _only_one() -> Iterator[bool]:
    """Whether nobody else is at it. Postgres lets go of the lock when its holder is lost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        alone = cursor.fetchone() == (True,)
        try:
            yield alone
        finally:
            if alone and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
