"""What other apps ask of compute: pools, jobs and artifacts."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.compute.engine import bell, ending
from apps.compute.engine.artifacts import ArtifactDamaged, fetch_artifact, store_folder
from apps.compute.engine.kinds import JobKind, JobProblem, Plan, known_kinds, register_job_kind
from apps.compute.models import Job, Pool
from llmkit import clock

__all__ = [
    "ArtifactDamaged",
    "JobKind",
    "JobProblem",
    "Plan",
    "cancel_job",
    "ensure_pool",
    "fetch_artifact",
    "register_job_kind",
    "retry_job",
    "start_job",
    "store_folder",
]


def ensure_pool(*, name: str, description: str = "") -> Pool:
    """The pool of this name, made if it is not there yet."""
    validate_slug(name)
    pool, _ = Pool.objects.get_or_create(name=name, defaults={"description": description})
    return pool


@transaction.atomic
def start_job(
    *,
    actor: Actor,
    project: Project,
    pool: Pool,
    kind: str,
    title: str,
    spec: dict[str, Any],
    priority: int = 0,
) -> Job:
    """Put a job into a pool's queue; a worker hears of it on commit."""
    if kind not in known_kinds():
        raise ValidationError({"kind": f"There are no jobs of the kind '{kind}'."})
    job = Job.objects.create(
        project=project,
        pool=pool,
        kind=kind,
        title=title[:200],
        spec=spec,
        priority=priority,
        stage="waiting for a worker",
        created_by=actor.user,
    )
    record_change(actor=actor, action="job.started", target=job.title, project=project, detail={"kind": kind})
    transaction.on_commit(lambda: bell.ring(pool))
    return job


@transaction.atomic
def cancel_job(*, actor: Actor, job: Job) -> None:
    """A job that waits is cancelled at once, a running one as soon as its worker has stopped it.

    ValidationError for one that is over.
    """
    locked = Job.objects.select_for_update(of=("self",)).select_related("pool", "project").get(id=job.id)
    if locked.finished:
        raise ValidationError(f"This job is over already: it is {locked.get_state_display().lower()}.")
    locked.cancel_requested_at = locked.cancel_requested_at or clock.now()
    if locked.state == Job.State.QUEUED:
        ending.end(locked, Job.State.CANCELLED, attempt=None)
    else:
        locked.save(update_fields=["cancel_requested_at"])
    record_change(actor=actor, action="job.cancelled", target=locked.title, project=locked.project)


@transaction.atomic
def retry_job(*, actor: Actor, job: Job) -> None:
    """Put a job that failed or was cancelled back into the queue; it goes on from its last checkpoint."""
    locked = Job.objects.select_for_update(of=("self",)).select_related("pool", "project").get(id=job.id)
    if locked.state not in {Job.State.FAILED, Job.State.CANCELLED}:
        raise ValidationError("Only a job that failed or was cancelled can be tried again.")
    locked.cancel_requested_at, locked.finished_at, locked.error = None, None, ""
    locked.max_attempts = locked.attempts.filter(state__in=ending.COUNTED).count() + 3
    ending.requeue(locked)
    record_change(actor=actor, action="job.retried", target=locked.title, project=locked.project)
