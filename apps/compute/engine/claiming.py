"""Who works on a job: claims with a lease, numbered attempts, and what becomes of lost ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from apps.compute.domain import causes
from apps.compute.engine import bell, ending
from apps.compute.models import Attempt, Job, Pool, Worker


class Fenced(Exception):
    """This attempt is not the job's newest any more: nothing of what it says may be written."""


@transaction.atomic
def claim_next(*, pool: Pool, worker: Worker | None) -> Attempt | None:
    """The next job of the pool, as a new attempt; None when none waits that nobody else is claiming."""
    waiting = Job.objects.filter(pool=pool, state=Job.State.QUEUED).order_by("-priority", "id")
    job = waiting.select_for_update(skip_locked=True).first()
    if job is None:
        return None
    job.attempt += 1
    job.state, job.worker, job.lease_until = Job.State.RUNNING, worker, Now() + lease()
    job.started_at = job.started_at or Now()
    job.progress, job.stage, job.seconds_left, job.error = 0.0, "", None, ""
    job.save()
    attempt = Attempt.objects.create(job=job, number=job.attempt, worker=worker)
    return Attempt.objects.select_related("job__project", "job__pool").get(id=attempt.id)


def lease() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def renew(attempt: Attempt) -> bool:
    """Go on holding the job; Fenced when it was taken away. True when somebody wishes it cancelled."""
    held = Job.objects.filter(id=attempt.job_id, attempt=attempt.number, state=Job.State.RUNNING)
    if not held.update(lease_until=Now() + lease()):
        raise Fenced
    return held.exclude(cancel_requested_at=None).exists()


@contextmanager
def fenced(attempt: Attempt) -> Iterator[Job]:
    """A transaction that holds the job's row while the attempt is its newest; Fenced otherwise."""
    with transaction.atomic():
        held = Job.objects.select_for_update(of=("self",)).select_related("project", "pool", "created_by")
        job = held.filter(id=attempt.job_id, attempt=attempt.number, state=Job.State.RUNNING).first()
        if job is None:
            raise Fenced
        yield job


def reconcile() -> None:
    """Take jobs away from workers that fell silent, and ring where a bell may have been lost."""
    for job_id in Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=Now()).values_list("id", flat=True):
        _take_away(job_id)
    for pool in Pool.objects.filter(jobs__state=Job.State.QUEUED).distinct():
        if not bell.is_ringing(pool):
            bell.ring(pool)


@transaction.atomic
def _take_away(job_id: UUID) -> None:
    expired = Job.objects.filter(id=job_id, state=Job.State.RUNNING, lease_until__lt=Now())
    job = expired.select_for_update(skip_locked=True, of=("self",)).select_related("pool").first()
    if job is None:
        return
    sentence = "Its worker fell silent: the machine or the process is gone."
    ending.give_up(job, state=Attempt.State.LOST, cause=causes.LOST, sentence=sentence)
