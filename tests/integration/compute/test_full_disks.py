"""The store has no room for a checkpoint: what was saved before stays good, and nothing half-done is left."""

import errno
import shutil
from pathlib import Path

import pytest
from django.db import OperationalError

from apps.accounts.services import Actor
from apps.compute.engine.running import run_waiting
from apps.compute.models import Artifact, Attempt, Checkpoint, Job
from apps.compute.services import fetch_artifact, retry_job, store_folder
from tests.factories.compute import make_job

pytestmark = pytest.mark.django_db(transaction=True)

COUNTING = """
import os, pathlib, sys, time
from apps.compute.domain.reporting import Reporter
reporter = Reporter()
before = os.environ["CHECKPOINT"]
count = int(pathlib.Path(before, "count").read_text()) if before else 0
print("from", count)
for step in range(count + 1, 4):
    folder = pathlib.Path(f"at-{step}").resolve()
    folder.mkdir()
    (folder / "weights").write_text("the same at every step")
    (folder / "count").write_text(str(step))
    reporter.checkpoint(step, folder)
"""


@pytest.fixture
def disk(monkeypatch):
    """`disk["room"]`: how many more files fit into the store; the one after that is written by half."""
    left = {"room": 1000}
    copy = shutil.copyfileobj

    def copy_while_there_is_room(source, target, *length):
        if not left["room"]:
            target.write(source.read(1))
            raise OSError(errno.ENOSPC, "No space left on device")
        left["room"] -= 1
        copy(source, target, *length)

    monkeypatch.setattr("apps.compute.engine.artifacts.shutil.copyfileobj", copy_while_there_is_room)
    return left


def files(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "artifacts").rglob("*") if path.is_file()}


def digests() -> set[str]:
    return {entry["sha256"] for artifact in Artifact.objects.all() for entry in artifact.manifest.values()}


def test_the_checkpoint_before_stays_and_the_job_goes_on_from_it_once_there_is_room(project, kind, disk, tmp_path):
    disk["room"] = 2  # for the first checkpoint; the second shares a file with it
    job = make_job(project, script=COUNTING)
    run_waiting(job.pool.name)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error == (
        "The disk is full: make room on the worker's machine and where artifacts are kept, then try again. "
        "It was tried 3 times."
    )
    assert set(job.attempts.values_list("state", "cause")) == {(Attempt.State.FAILED, "disk full")}
    kept = Checkpoint.objects.get()
    assert (kept.step, Artifact.objects.count()) == (1, 1)
    assert files(tmp_path) == digests()
    assert (fetch_artifact(artifact=kept.artifact, into=tmp_path / "back") / "count").read_text() == "1"

    disk["room"] = 1000
    retry_job(actor=Actor(), job=job)
    run_waiting(job.pool.name)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED
    assert job.logs.get(attempt=job.attempt).text == "from 1"
    assert files(tmp_path) == set()


def test_files_that_fitted_before_the_disk_was_full_are_taken_out_unless_others_have_them(project, disk, tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "a").write_text("shared")
    shared = store_folder(project=project, kind="adapter", folder=folder)
    (folder / "b").write_text("fits")
    (folder / "c").write_text("does not fit")
    disk["room"] = 1
    with pytest.raises(OSError, match="No space left"):
        store_folder(project=project, kind="adapter", folder=folder)
    assert Artifact.objects.get() == shared
    assert files(tmp_path) == digests()


def test_a_database_that_is_away_for_a_moment_costs_a_checkpoint_but_not_the_attempt(project, kind, monkeypatch):
    tries = []

    def away_at_first(**arguments):
        tries.append(arguments)
        if len(tries) == 1:
            raise OperationalError("the connection is lost")
        return store_folder(**arguments)

    monkeypatch.setattr("apps.compute.engine.recording.store_folder", away_at_first)
    job = make_job(project, script=COUNTING)
    run_waiting(job.pool.name)
    job.refresh_from_db()
    assert (job.state, job.attempt, len(tries)) == (Job.State.SUCCEEDED, 1, 3)
    told = job.logs.values_list("text", flat=True)
    assert "The checkpoint of step 1 is not kept: the database was away." in told
