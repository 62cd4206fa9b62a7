"""Cancelling and retrying a job in each of its states: done wholly, or refused in words."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.compute.engine.claiming import claim_next, reconcile
from apps.compute.engine.running import run_waiting
from apps.compute.models import Attempt, Checkpoint, Job
from apps.compute.services import cancel_job, ensure_pool, retry_job, start_job, store_folder
from tests.factories.accounts import make_member
from tests.factories.compute import claimed, job_in, make_job

pytestmark = pytest.mark.django_db(transaction=True)


def again(job: Job) -> Job:
    return Job.objects.get(id=job.id)


def told(project) -> list[str]:
    return list(AuditEvent.objects.filter(project=project).order_by("id").values_list("action", flat=True))


def save(job: Job, tmp_path: Path) -> Checkpoint:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "count").write_text("4")
    artifact = store_folder(project=job.project, kind="checkpoint", folder=folder, job=job)
    return Checkpoint.objects.create(job=job, attempt=1, step=4, artifact=artifact)


# --- Cancelling


def test_a_cancelled_job_that_waited_is_told_to_its_kind_and_never_claimed(project, kind):
    job = make_job(project)
    cancel_job(actor=Actor(user=make_member(project)), job=job)
    job = again(job)
    assert (job.state, job.error, job.finished_at is not None) == (Job.State.CANCELLED, "", True)
    assert kind.ended_jobs == [job.id]
    assert claim_next(pool=job.pool, worker=None) is None
    assert told(project)[-1] == "job.cancelled"


def test_cancelling_a_running_job_is_a_wish_until_its_worker_obeys(project, kind):
    job = make_job(project)
    attempt = claimed(job)
    cancel_job(actor=Actor(), job=job)
    wished = again(job).cancel_requested_at
    cancel_job(actor=Actor(), job=job)
    job = again(job)
    assert (job.state, job.cancel_requested_at) == (Job.State.RUNNING, wished)
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.RUNNING
    assert kind.ended_jobs == []


def test_a_cancelled_job_whose_worker_is_gone_ends_with_the_lease(project, kind):
    job = make_job(project)
    attempt = claimed(job)
    cancel_job(actor=Actor(), job=job)
    Job.objects.update(lease_until=Now() - timedelta(seconds=1))
    reconcile()
    job = again(job)
    assert (job.state, job.lease_until) == (Job.State.CANCELLED, None)
    attempt.refresh_from_db()
    assert attempt.state == Attempt.State.LOST
    assert kind.ended_jobs == [job.id]
    assert claim_next(pool=job.pool, worker=None) is None


@pytest.mark.parametrize("state", [Job.State.SUCCEEDED, Job.State.FAILED, Job.State.CANCELLED])
def test_a_job_that_is_over_is_not_cancelled_again(project, kind, state):
    job = job_in(project, state)
    before, entries, ended = Job.objects.values().get(id=job.id), told(project), list(kind.ended_jobs)
    with pytest.raises(ValidationError, match=f"over already: it is {state}"):
        cancel_job(actor=Actor(), job=job)
    assert Job.objects.values().get(id=job.id) == before
    assert (told(project), kind.ended_jobs) == (entries, ended)


# --- Trying again


@pytest.mark.parametrize("state", [Job.State.FAILED, Job.State.CANCELLED])
def test_a_job_that_came_to_nothing_can_be_tried_again(project, kind, state, tmp_path):
    job = job_in(project, state)
    checkpoint = save(job, tmp_path)
    retry_job(actor=Actor(), job=job)
    job = again(job)
    assert (job.state, job.error, job.cancel_requested_at, job.finished_at) == (Job.State.QUEUED, "", None, None)
    assert told(project)[-1] == "job.retried"
    assert list(job.checkpoints.all()) == [checkpoint]
    Job.objects.update(spec={"script": "import os; print(open(os.environ['CHECKPOINT'] + '/count').read())"})
    run_waiting(job.pool.name)
    assert again(job).state == Job.State.SUCCEEDED
    assert job.logs.get().text == "4"


def test_a_job_that_is_tried_again_may_fail_as_often_as_at_first(project, kind):
    job = job_in(project, Job.State.FAILED)
    failed = job.attempts.count()
    Job.objects.update(spec={"script": "raise ValueError"})
    retry_job(actor=Actor(), job=job)
    run_waiting(job.pool.name)
    assert again(job).state == Job.State.FAILED
    assert job.attempts.count() == failed + 3


@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.RUNNING, Job.State.SUCCEEDED])
def test_only_a_job_that_came_to_nothing_can_be_tried_again(project, kind, state):
    job = job_in(project, state)
    before, entries = Job.objects.values().get(id=job.id), told(project)
    with pytest.raises(ValidationError, match="Only a job that failed or was cancelled"):
        retry_job(actor=Actor(), job=job)
    assert Job.objects.values().get(id=job.id) == before
    assert told(project) == entries


# --- Starting


def test_a_job_of_a_kind_that_nobody_knows_is_refused(project):
    pool = ensure_pool(name="some")
    with pytest.raises(ValidationError, match="no jobs of the kind 'knitting'"):
        start_job(actor=Actor(), project=project, pool=pool, kind="knitting", title="x", spec={})
    assert not Job.objects.exists()


def test_a_worker_that_does_not_know_a_jobs_kind_fails_it_in_words(project, kind):
    job = make_job(project)
    Job.objects.update(kind="knitting")
    run_waiting(job.pool.name)
    assert (again(job).state, again(job).attempt) == (Job.State.FAILED, 1)
    assert "knows no jobs of the kind 'knitting'" in again(job).error


@pytest.mark.parametrize("name", ["", "with space", "a/b", "ü"])
def test_a_pool_has_a_name_that_can_stand_in_a_queues(name):
    with pytest.raises(ValidationError, match="valid"):
        ensure_pool(name=name)
