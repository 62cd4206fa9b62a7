"""A run whose trainer is killed, then its worker, while the broker loses everything: it comes to the same end, once."""

import os
import signal

import pytest

from apps.accounts.services import Actor
from apps.compute.models import Artifact, Attempt, Job
from apps.compute.queries import metrics_of
from apps.compute.services import ensure_pool
from apps.datasets.domain.rows import Row
from apps.datasets.services import create_dataset, make_version
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.models import FinetuneRun
from tests.factories.accounts import make_project
from tests.factories.finetuning import make_run
from tests.functional.finetuning.conftest import RECIPE, validation_rows
from tests.helpers.pool_worker import PoolWorker, own_broker, restart_empty
from tests.helpers.trainer import conversations
from tests.helpers.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 120.0


@pytest.fixture
def broker():
    with own_broker() as broker:
        yield broker


@pytest.fixture
def run():
    """The same rows in the same order, and the same recipe, as in the training by hand."""
    project = make_project()
    dataset = create_dataset(actor=Actor(), project=project, name="lessons")
    rows = [Row(messages=messages, split="train") for messages in conversations()]
    rows += [Row(messages=messages, split="validation") for messages in validation_rows()]
    version = make_version(actor=Actor(), dataset=dataset, rows=rows)
    pool = ensure_pool(name="tests")
    return make_run(project, version=version, pool=pool, recipe=Recipe.from_json(RECIPE), name="taught")


@pytest.fixture
def start_worker(tmp_path, broker, run):
    workers = []

    def start():
        workers.append(PoolWorker(tmp_path, run.job.pool.name, broker).start())
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def newest_checkpoint(run):
    checkpoint = run.job.checkpoints.order_by("-step").first()
    return checkpoint.step if checkpoint else 0


def attempt(run, number, state):
    return run.job.attempts.filter(number=number, state=state).first()


def kill_trainer(worker):
    (pid,) = worker.trainers()
    os.kill(pid, signal.SIGKILL)


def test_whatever_is_killed_the_run_goes_on_by_itself_to_the_same_end(run, broker, start_worker, undisturbed):
    worker = start_worker()
    eventually(lambda: newest_checkpoint(run) >= 5, within=PATIENCE)
    kill_trainer(worker)

    second = eventually(lambda: attempt(run, 2, Attempt.State.RUNNING), within=PATIENCE)
    assert attempt(run, 1, Attempt.State.FAILED).cause == "killed"
    reached = newest_checkpoint(run)
    eventually(lambda: newest_checkpoint(run) > reached, within=PATIENCE)
    worker.kill()
    restart_empty(broker)
    eventually(lambda: not worker.trainers())

    start_worker()
    eventually(lambda: attempt(run, 3, Attempt.State.RUNNING), within=PATIENCE)
    second.refresh_from_db()
    assert (second.state, second.cause) == (Attempt.State.LOST, "lost")
    restart_empty(broker)
    ended = eventually(lambda: Job.objects.exclude(state__in=["queued", "running"]).first(), within=PATIENCE)

    assert (ended.state, ended.error, ended.attempt) == (Job.State.SUCCEEDED, "", 3)
    reported, expected = ended.result["reported"], undisturbed.result
    assert (reported["loss"], reported["validation_loss"]) == (expected["loss"], expected["validation_loss"])
    losses = {step: figures["loss"] for step, figures in metrics_of(ended)}
    assert losses == undisturbed.figures("loss")
    run = FinetuneRun.objects.select_related("model", "adapter").get()
    assert run.model.name == "taught"
    assert Artifact.objects.filter(kind="adapter").count() == 1
    eventually(lambda: not ended.checkpoints.exists())
