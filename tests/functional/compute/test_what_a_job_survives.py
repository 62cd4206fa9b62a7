"""Processes are killed, stopped and frozen, the broker forgets everything: a job goes on by itself, and never twice."""

import os
import re
import signal

import pytest

from apps.accounts.services import Actor
from apps.compute.models import Artifact, Attempt, Job, Worker
from apps.compute.services import cancel_job
from tests.functional.compute.conftest import PATIENCE
from tests.helpers.pool_worker import restart_empty
from tests.helpers.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = [1, 2, 3, 4, 5, 6]
DONE = ("succeeded", "")


def rings_answered(worker):
    return len(re.findall(r"compute\.run_jobs\[\S+\] succeeded", worker.log.read_text()))


def test_a_process_that_is_killed_goes_on_once_from_its_newest_checkpoint(counting_job, start_worker):
    counting, worker = counting_job(), start_worker("a")
    counting.waits(attempt=1)
    (process,) = worker.trainers()
    os.kill(process, signal.SIGKILL)
    counting.waits(attempt=2)
    counting.open_gate(2)
    job = counting.is_("succeeded")
    assert counting.attempts() == [("failed", "killed"), DONE]
    assert counting.starts == ["1 from 0", "2 from 3"]
    assert (counting.steps, job.result) == (WHOLE, {"reported": {"count": 6}})


def test_when_a_whole_node_is_killed_another_worker_goes_on(counting_job, start_worker):
    counting, first = counting_job(), start_worker("a")
    counting.waits(attempt=1)
    second = start_worker("b")
    eventually(lambda: Worker.objects.filter(name__startswith="testsb@").exists(), within=PATIENCE)
    first.kill()
    eventually(lambda: not first.trainers())
    counting.waits(attempt=2)
    assert len(second.trainers()) == 1
    counting.open_gate(2)
    job = counting.is_("succeeded")
    assert counting.attempts() == [("lost", "lost"), DONE]
    assert counting.starts == ["1 from 0", "2 from 3"]
    assert (counting.steps, job.worker.name[:7]) == (WHOLE, "testsb@")


def test_a_broker_that_forgets_everything_delays_what_waits_and_disturbs_nothing_that_runs(
    counting_job, start_worker, broker, ring
):
    counting = counting_job()
    ring()
    restart_empty(broker)
    start_worker("a")
    counting.waits(attempt=1)
    restart_empty(broker)
    counting.open_gate(1)
    counting.is_("succeeded")
    later = counting_job(hold=0, to=1)
    later.open_gate(1)
    later.is_("succeeded")
    assert counting.attempts() == later.attempts() == [DONE]
    assert (counting.starts, counting.steps) == (["1 from 0"], WHOLE)


def test_a_doorbell_that_rings_again_and_again_starts_nothing_more(counting_job, start_worker, ring):
    counting = counting_job()
    ring(3)
    worker = start_worker("a")
    counting.waits(attempt=1)
    for moment in ("while it runs", "after its end"):
        answered = rings_answered(worker)
        ring(3)
        eventually(lambda: rings_answered(worker) >= answered + 3, within=PATIENCE)  # noqa: B023
        assert counting.starts == ["1 from 0"], moment
        counting.open_gate(1)
        counting.is_("succeeded")
    assert counting.attempts() == [DONE]
    assert counting.steps == WHOLE


def test_a_worker_that_has_to_stop_lets_the_job_save_itself_and_puts_it_back_uncounted(counting_job, start_worker):
    counting, worker = counting_job(every=2), start_worker("a")
    Job.objects.update(max_attempts=1)
    counting.waits(attempt=1)
    assert counting.saved() == [2]
    worker.stop()
    assert counting.is_("queued").lease_until is None
    assert counting.attempts() == [("preempted", "preempted")]
    assert counting.saved() == [2, 3]
    assert Worker.objects.get().stopped_at
    start_worker("b")
    counting.waits(attempt=2)
    counting.open_gate(2)
    counting.is_("succeeded")
    assert counting.attempts() == [("preempted", "preempted"), DONE]
    assert (counting.starts, counting.steps) == (["1 from 0", "2 from 3"], WHOLE)


def test_a_worker_that_comes_back_from_the_dead_writes_nothing_any_more(counting_job, start_worker):
    counting, frozen = counting_job(), start_worker("a")
    counting.waits(attempt=1)
    frozen.signal(signal.SIGSTOP)
    counting.open_gate(1)  # its process counts to the end, and nobody listens
    start_worker("b")
    counting.waits(attempt=2)
    known = set(Artifact.objects.values_list("id", flat=True))
    frozen.signal(signal.SIGCONT)
    eventually(lambda: "was taken away" in frozen.log.read_text(), within=PATIENCE)
    assert frozen.trainers() == []
    assert (counting.steps, counting.saved()) == ([1, 2, 3], [2, 3])
    assert set(Artifact.objects.values_list("id", flat=True)) == known
    job = counting.is_("running")
    assert (job.attempt, job.progress, job.result) == (2, 0.0, {})
    counting.open_gate(2)
    counting.is_("succeeded")
    assert counting.attempts() == [("lost", "lost"), DONE]
    assert list(job.metrics.order_by("step").values_list("attempt", flat=True)) == [1, 1, 1, 2, 2, 2]


def test_who_cancels_a_running_job_ends_its_process_and_what_that_started(counting_job, start_worker):
    counting, worker = counting_job(helper=True), start_worker("a")
    counting.waits(attempt=1)
    assert len(worker.trainers()) == 2
    cancel_job(actor=Actor(), job=counting.job)
    job = counting.is_("cancelled")
    eventually(lambda: not worker.trainers())
    assert (job.error, job.lease_until, counting.attempts()) == ("", None, [("cancelled", "user")])
    assert not Attempt.objects.filter(state=Attempt.State.RUNNING).exists()
