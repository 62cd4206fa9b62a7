"""Claims, leases and the fence around a job: one attempt at a time may write."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from apps.compute.domain.events import LogLine, Metric
from apps.compute.engine import bell
from apps.compute.engine.claiming import Fenced, claim_next, fenced, reconcile, renew
from apps.compute.engine.recording import Record
from apps.compute.engine.running import run_waiting
from apps.compute.models import Attempt, Job
from tests.factories.compute import claimed, make_job, make_pool

pytestmark = pytest.mark.django_db(transaction=True)


def expire(job: Job) -> None:
    Job.objects.filter(id=job.id).update(lease_until=Now() - timedelta(seconds=1))


def test_two_workers_never_claim_the_same_job(project, kind):
    pool = make_pool()
    for _ in range(6):
        make_job(project, pool=pool)
    start = threading.Barrier(4)

    def claim_all() -> list[object]:
        start.wait()
        found = []
        while attempt := claim_next(pool=pool, worker=None):
            found.append(attempt.job_id)
        connection.close()
        return found

    with ThreadPoolExecutor(4) as workers:
        claims = [job for done in [workers.submit(claim_all) for _ in range(4)] for job in done.result()]
    assert len(claims) == len(set(claims)) == 6


def test_urgent_jobs_go_first_and_others_in_their_order(project, kind):
    pool = make_pool()
    first, second, urgent = (
        make_job(project, pool=pool),
        make_job(project, pool=pool),
        make_job(project, pool=pool, priority=5),
    )
    assert [claim_next(pool=pool, worker=None).job_id for _ in range(3)] == [urgent.id, first.id, second.id]


def test_a_doorbell_that_rings_twice_starts_nothing(project, kind):
    job = make_job(project, script="")
    assert run_waiting(job.pool.name) == 1
    assert run_waiting(job.pool.name) == 0
    assert run_waiting("no-such-pool") == 0


def test_a_silent_workers_job_goes_back_into_the_queue(project, kind):
    job = make_job(project)
    lost = claimed(job)
    expire(job)
    reconcile()
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    lost.refresh_from_db()
    assert (lost.state, lost.cause) == (Attempt.State.LOST, "lost")


def test_a_renewed_lease_keeps_the_job(project, kind):
    job = make_job(project)
    attempt = claimed(job)
    expire(job)
    assert renew(attempt) is False
    reconcile()
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING


def test_what_an_old_attempt_says_changes_nothing(project, kind):
    job = make_job(project)
    old = claimed(job)
    expire(job)
    reconcile()
    new = claimed(job)
    record = Record(old)
    record.take(Metric(1, {"loss": 9.0}))
    record.take(LogLine("from the grave"))
    with pytest.raises(Fenced):
        record.flush()
    with pytest.raises(Fenced):
        renew(old)
    with pytest.raises(Fenced), fenced(old):
        raise AssertionError("An old attempt was let in.")
    assert not job.metrics.exists()
    assert not job.logs.exists()
    assert renew(new) is False


def test_a_job_that_is_lost_again_and_again_fails_with_its_reason(project, kind):
    job = make_job(project)
    for _ in range(job.max_attempts):
        claimed(job)
        expire(job)
        reconcile()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "fell silent" in job.error
    assert "3 times" in job.error
    assert kind.ended_jobs == [job.id]


def test_a_bell_that_was_lost_is_rung_again_but_not_twice(project, kind):
    job = make_job(project)
    with_broker = bell.current_app.connection_for_write()
    with_broker.default_channel.client.delete(job.pool.queue)
    reconcile()
    reconcile()
    assert with_broker.default_channel.client.llen(job.pool.queue) == 1
    with_broker.release()
