"""One attempt after the other, with real subprocesses: what they say is stored, how they end decides."""

import threading

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.services import Actor
from apps.compute.engine.artifacts import store_folder
from apps.compute.engine.running import run_waiting
from apps.compute.engine.supervisor import Supervisor
from apps.compute.models import Artifact, Attempt, Checkpoint, Job
from apps.compute.queries import log_tail, metrics_of
from apps.compute.services import JobProblem, cancel_job, retry_job
from apps.compute.signals import job_ended
from tests.factories.compute import claimed, make_job
from tests.helpers.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = "import os, pathlib, sys, time\nfrom apps.compute.domain.reporting import Reporter\nreporter = Reporter()\n"
WAIT_FOR_STOP = BEGIN + "print('ready')\nwhile not reporter.stopping: time.sleep(0.01)\nsys.exit(75)\n"


def run(job: Job) -> Job:
    run_waiting(job.pool.name)
    job.refresh_from_db()
    return job


def start(job: Job, stopping: threading.Event | None = None) -> threading.Thread:
    def supervise() -> None:
        from django.db import connection

        Supervisor(claimed(job), stopping or threading.Event()).run()
        connection.close()

    thread = threading.Thread(target=supervise)
    thread.start()
    eventually(lambda: job.logs.exists())
    return thread


def test_what_a_job_says_is_stored(project, kind):
    script = BEGIN + (
        "print('hello from a library')\nreporter.metric(1, loss=0.5)\nreporter.metric(2, loss=0.25)\n"
        "reporter.progress(0.5, stage='half', seconds_left=1)\nreporter.result(answer=42)\n"
    )
    job = run(make_job(project, script=script))
    assert job.state == Job.State.SUCCEEDED
    assert job.result == {"reported": {"answer": 42}}
    assert metrics_of(job) == [(1, {"loss": 0.5}), (2, {"loss": 0.25})]
    assert [line.text for line in log_tail(job)] == ["hello from a library"]
    assert job.progress == 1.0


def test_the_end_of_a_job_is_told_once(project, kind):
    told = []
    job_ended.connect(receiver := lambda job_id, **_: told.append(job_id))
    try:
        job = run(make_job(project))
    finally:
        job_ended.disconnect(receiver)
    assert told == kind.ended_jobs == [job.id]


def test_a_job_that_breaks_is_tried_again_and_then_fails_with_its_last_words(project, kind):
    job = run(make_job(project, script="raise ValueError('the data are upside down')"))
    assert job.state == Job.State.FAILED
    assert "the data are upside down" in job.error
    assert [attempt.state for attempt in job.attempts.all()] == [Attempt.State.FAILED] * 3


def test_a_problem_in_words_is_not_tried_again(project, kind):
    job = run(make_job(project, script=BEGIN + "reporter.problem('There is no row to learn from.')\nsys.exit(1)\n"))
    assert (job.state, job.error) == (Job.State.FAILED, "There is no row to learn from.")
    assert job.attempts.count() == 1


def test_a_result_that_cannot_be_registered_fails_the_job_and_leaves_nothing(project, kind):
    def refuse(job, folder, reported):
        Artifact.objects.create(project=job.project, kind="half", digest="0" * 64, bytes=0, manifest={})
        raise JobProblem("The name is taken.")

    kind.on_success = refuse
    job = run(make_job(project))
    assert (job.state, job.error) == (Job.State.FAILED, "The name is taken.")
    assert not Artifact.objects.exists()


def test_an_attempt_goes_on_from_the_checkpoint_of_the_one_before(project, kind):
    script = BEGIN + (
        "before = os.environ['CHECKPOINT']\n"
        "count = int(pathlib.Path(before, 'count').read_text()) if before else 0\n"
        "for step in range(count + 1, 5):\n"
        "    folder = pathlib.Path(f'at-{step}'); folder.mkdir(); (folder / 'count').write_text(str(step))\n"
        "    reporter.checkpoint(step, folder.resolve()); print('step', step)\n"
        "    if step == 3 and not before: os.kill(os.getpid(), 9)\n"
    )
    job = run(make_job(project, script=script))
    assert job.state == Job.State.SUCCEEDED
    assert [line.text for line in log_tail(job)] == ["step 1", "step 2", "step 3", "step 4"]
    assert [attempt.cause for attempt in job.attempts.order_by("number")] == ["killed", ""]
    assert not Checkpoint.objects.exists()
    assert not Artifact.objects.exists()


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(project, kind, settings, tmp_path):
    job = make_job(project, script=BEGIN + "print(pathlib.Path(os.environ['CHECKPOINT'], 'count').read_text())")
    for step in (1, 2):
        folder = tmp_path / f"step-{step}"
        folder.mkdir()
        (folder / "count").write_text(f"step {step}")
        artifact = store_folder(project=project, kind="checkpoint", folder=folder)
        Checkpoint.objects.create(job=job, attempt=1, step=step, artifact=artifact)
    digest = artifact.manifest["count"]["sha256"]
    (tmp_path / "artifacts" / digest[:2] / digest[2:4] / digest).write_text("something else")
    run(job)
    assert [line.text for line in log_tail(job)] == ["step 1"]


def test_a_job_that_waits_is_cancelled_at_once(project, kind):
    job = make_job(project)
    cancel_job(actor=Actor(), job=job)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert run_waiting(job.pool.name) == 0


def test_a_running_job_is_stopped_when_somebody_cancels_it(project, kind):
    job = make_job(project, script=WAIT_FOR_STOP)
    thread = start(job)
    cancel_job(actor=Actor(), job=job)
    thread.join(timeout=20)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert job.attempts.get().state == Attempt.State.CANCELLED


def test_a_job_that_does_not_listen_is_killed_after_its_grace(project, kind, settings):
    settings.JOB_GRACE_SECONDS = 0.2
    job = make_job(project, script=BEGIN + "print('deaf')\nwhile True: time.sleep(0.05)\n")
    thread = start(job)
    cancel_job(actor=Actor(), job=job)
    thread.join(timeout=20)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_job_that_is_over_cannot_be_cancelled(project, kind):
    job = run(make_job(project))
    with pytest.raises(ValidationError, match="over already"):
        cancel_job(actor=Actor(), job=job)


def test_a_worker_that_has_to_stop_puts_its_job_back_without_counting_a_try(project, kind):
    job, stopping = make_job(project, script=WAIT_FOR_STOP), threading.Event()
    thread = start(job, stopping)
    stopping.set()
    thread.join(timeout=20)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert job.attempts.get().state == Attempt.State.PREEMPTED


def test_a_job_that_lost_its_lease_is_killed_and_writes_nothing_more(project, kind):
    job = make_job(project, script=BEGIN + "print('working')\nwhile True: time.sleep(0.05)\n")
    thread = start(job)
    Job.objects.filter(id=job.id).update(attempt=7)
    thread.join(timeout=20)
    assert not thread.is_alive()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.RUNNING, 7)


def test_a_job_that_failed_can_be_tried_again(project, kind):
    job = run(make_job(project, script=BEGIN + "reporter.problem('no')"))
    retry_job(actor=Actor(), job=job)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert run(job).state == Job.State.FAILED
    retry_job(actor=Actor(), job=job)
    with pytest.raises(ValidationError, match="Only a job"):
        retry_job(actor=Actor(), job=job)


def test_a_full_disk_is_told_in_words_and_leaves_no_checkpoint(project, kind, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("apps.compute.engine.recording.store_folder", full)
    script = BEGIN + (
        "folder = pathlib.Path('c').resolve(); folder.mkdir(); (folder / 'x').write_text('x')\n"
        "reporter.checkpoint(1, folder); time.sleep(5)\n"
    )
    job = run(make_job(project, script=script))
    assert job.state == Job.State.FAILED
    assert job.error.startswith("The disk is full: make room")
    assert not Checkpoint.objects.exists()
    assert not list(Job.objects.filter(state=Job.State.RUNNING))


def test_the_child_ends_when_nobody_holds_its_other_end(project, kind, tmp_path):
    import os
    import subprocess
    import sys

    from tests.factories.compute import ROOT

    script = tmp_path / "orphan.py"
    script.write_text(BEGIN + "print('up', flush=True)\ntime.sleep(60)\n")
    child = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    assert child.stderr.readline() == b"up\n"
    child.stdin.close()
    assert child.wait(timeout=10) == -9
    child.stderr.close()
