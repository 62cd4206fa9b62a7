"""How attempts and jobs end. Each function is called with the job's row locked."""

import logging

from django.db import transaction
from django.db.models.functions import Now

from apps.compute.engine import bell
from apps.compute.engine.kinds import JobProblem, kind_of
from apps.compute.models import Attempt, Job
from apps.compute.signals import job_ended

log = logging.getLogger(__name__)

# A worker that was told to stop says nothing about the job.
COUNTED = (Attempt.State.FAILED, Attempt.State.LOST)


def end(job: Job, state: Job.State, *, attempt: Attempt.State | None, cause: str = "", error: str = "") -> None:
    """The job is over, for good unless somebody retries it."""
    if attempt is not None:
        close_attempt(job, attempt, cause=cause)
    job.state, job.error, job.finished_at = state, error, Now()
    job.lease_until, job.seconds_left, job.stage = None, None, ""
    if state == Job.State.SUCCEEDED:
        job.progress = 1.0
    job.save()
    transaction.on_commit(lambda: tell(job))


def give_up(
    job: Job,
    *,
    state: Attempt.State,
    cause: str,
    sentence: str,
    exit_status: int | None = None,
    permanent: bool = False,
) -> None:
    """An attempt has ended without success: back into the queue, unless that was tried often enough."""
    close_attempt(job, state, cause=cause, exit_status=exit_status)
    if job.cancel_requested_at:
        end(job, Job.State.CANCELLED, attempt=None)
        return
    tried = job.attempts.filter(state__in=COUNTED).count()
    if state in COUNTED and (permanent or tried >= job.max_attempts):
        more = f" It was tried {tried} times." if tried > 1 and not permanent else ""
        end(job, Job.State.FAILED, attempt=None, error=sentence + more)
        return
    requeue(job)


def requeue(job: Job) -> None:
    job.state, job.worker, job.lease_until, job.seconds_left = Job.State.QUEUED, None, None, None
    job.stage = "waiting for a worker"
    job.save()
    transaction.on_commit(lambda: bell.ring(job.pool))


def close_attempt(job: Job, state: Attempt.State, *, cause: str = "", exit_status: int | None = None) -> None:
    running = job.attempts.filter(number=job.attempt, state=Attempt.State.RUNNING)
    running.update(state=state, cause=cause, exit_status=exit_status, finished_at=Now())


def tell(job: Job) -> None:
    """After commit: what the kind does about it, then the news. Neither can undo the end of the job."""
    job.refresh_from_db()
    try:
        kind_of(job.kind).ended(job)
    except JobProblem as problem:
        log.warning("Job %s ended, but %s", job.id, problem)
    except Exception:
        log.exception("Job %s ended, but its kind could not act on that", job.id)
    for receiver, answer in job_ended.send_robust(sender=Job, job_id=job.id):
        if isinstance(answer, Exception):
            log.error("%r failed on the end of job %s", receiver, job.id, exc_info=answer)
