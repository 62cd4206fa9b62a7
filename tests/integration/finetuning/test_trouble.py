"""Runs that meet trouble between their start and their end: what the job says, what is kept, and how it goes on.

The trainer is a script without torch that does what the real one does at that moment.
"""

import json
import shutil
import sys

import pytest

from apps.accounts.services import Actor
from apps.compute.engine.running import run_waiting
from apps.compute.models import Artifact, Checkpoint
from apps.compute.services import Plan, register_job_kind, retry_job
from apps.finetuning.engine.kind import FinetuneKind
from apps.finetuning.models import FinetuneRun
from apps.serving.domain.harbor_desk import MODEL_FOLDER
from apps.serving.models import CatalogueModel, LocalModel
from apps.serving.services import register_base
from tests.factories.accounts import make_project
from tests.factories.compute import ROOT
from tests.factories.finetuning import make_base, make_run

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = """
import json, pathlib, shutil, sys
from apps.compute.domain.reporting import Reporter
reporter = Reporter()
spec = json.loads(pathlib.Path("spec.json").read_text())
def leave(name):
    folder = pathlib.Path(name).resolve()
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": spec["base"]}))
    (folder / "adapter_model.safetensors").write_text("learnt from " + str(bool(spec["checkpoint"])))
    return folder
"""
LEARN = BEGIN + "leave('adapter')\nreporter.result(loss=0.5)\n"
FULL = BEGIN + (
    "if not spec['checkpoint']: reporter.checkpoint(5, leave('checkpoint-5'))\n"
    "reporter.problem('The disk is full: the checkpoint at step 10 could not be written.', permanent=False)\n"
    "sys.exit(3)\n"
)
LOSE_BASE = BEGIN + (
    "reporter.checkpoint(5, leave('checkpoint-5'))\nshutil.move(spec['base'], spec['base'] + '.gone')\n"
    "leave('adapter')\nreporter.result(loss=0.5)\n"
)


class ScriptedKind(FinetuneKind):
    """A finetuning job whose trainer is the Python text in `script`."""

    script = LEARN

    def prepare(self, job, folder, checkpoint):
        super().prepare(job, folder, checkpoint)
        return Plan([sys.executable, "-c", self.script], {"PYTHONPATH": str(ROOT)})


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    """There is none here: nothing is loaded."""
    monkeypatch.setattr("apps.finetuning.engine.kind.load_adapter", lambda *, model: None)


@pytest.fixture
def kind():
    kind = ScriptedKind()
    register_job_kind(kind)
    yield kind
    register_job_kind(FinetuneKind())


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(MODEL_FOLDER, tmp_path / "model")


@pytest.fixture
def run(kind, settings, tmp_path, folder):
    settings.JOBS_DIR = tmp_path / "jobs"
    project = make_project()
    return make_run(project, base=make_base(project, folder=folder, name="tiny"), name="taught")


def work(run):
    """What a worker makes of it."""
    run_waiting(run.job.pool.name)
    run = FinetuneRun.objects.select_related("job", "model", "adapter").get(id=run.id)
    return run, run.job


def nothing_is_registered():
    return (
        CatalogueModel.objects.get().name == "tiny"
        and LocalModel.objects.get().artifact is None
        and not Artifact.objects.filter(kind="adapter").exists()
    )


def test_a_base_that_went_before_a_worker_came_fails_the_job_at_once_and_in_words(run, folder):
    shutil.rmtree(folder)
    run, job = work(run)
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.error == f"The base tiny can't be read here. The model folder {folder} does not exist."
    assert nothing_is_registered()


def test_a_base_that_goes_while_it_is_trained_on_fails_the_job_and_a_retry_goes_on_where_it_was(run, folder, kind):
    kind.script = LOSE_BASE
    run, job = work(run)
    assert job.state == "failed"
    assert job.error == (
        "It was trained, but meanwhile its base went. The base tiny can't be read here. "
        f"The model folder {folder} does not exist. Once it is back, try again."
    )
    assert nothing_is_registered()

    shutil.move(f"{folder}.gone", folder)
    kind.script = LEARN
    retry_job(actor=Actor(), job=job)
    run, job = work(run)
    assert (job.state, run.model.name) == ("succeeded", "taught")
    assert run.adapter.bytes == len("learnt from True") + config_bytes(folder)


def test_a_base_that_gets_other_weights_meanwhile_is_trained_on_anew(run, folder, kind, tmp_path):
    kind.script = LOSE_BASE.replace("shutil.move", "shutil.copytree")
    other = shutil.copytree(MODEL_FOLDER, tmp_path / "other")
    began = kind.prepare

    def moved(job, at, checkpoint):
        plan = began(job, at, checkpoint)
        register_base(actor=Actor(), model=run.base, folder=other)
        return plan

    kind.prepare = moved
    failed, job = work(run)
    assert job.error == (
        f"It was trained, but meanwhile tiny got other weights: those in {other}. Try again to train on these."
    )
    assert nothing_is_registered()

    kind.script = LEARN
    retry_job(actor=Actor(), job=job)
    again, job = work(failed)
    assert job.state == "succeeded"
    assert again.adapter.bytes == len("learnt from False") + config_bytes(other)


def config_bytes(folder):
    return len(json.dumps({"base_model_name_or_path": str(folder)}))


def test_a_full_disk_is_what_the_job_says_and_the_checkpoint_before_is_there_for_another_try(run, kind):
    kind.script = FULL
    run, job = work(run)
    assert job.state == "failed"
    assert job.error == (
        f"The disk is full: the checkpoint at step 10 could not be written. It was tried {job.max_attempts} times."
    )
    assert [checkpoint.step for checkpoint in Checkpoint.objects.all()] == [5]
    assert nothing_is_registered()

    kind.script = LEARN
    retry_job(actor=Actor(), job=job)
    run, job = work(run)
    assert (job.state, job.error, run.model.name) == ("succeeded", "", "taught")
    assert not Checkpoint.objects.exists()
