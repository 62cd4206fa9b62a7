"""A job that counts, workers that know it, and a broker of their own."""

from pathlib import Path

import pytest
from celery import current_app
from kombu import Connection

from apps.accounts.services import Actor
from apps.compute.engine import bell
from apps.compute.engine.recording import KEPT_CHECKPOINTS
from apps.compute.models import Job
from apps.compute.queries import metrics_of
from apps.compute.services import ensure_pool, start_job
from tests.factories.accounts import make_project
from tests.functional.compute import counting
from tests.helpers.pool_worker import PoolWorker, own_broker
from tests.helpers.waiting import eventually

PATIENCE = 60.0


class Counting:
    """A job that waits at a number until its attempt's gate is opened."""

    def __init__(self, folder: Path, *, to: int = 6, hold: int = 3, every: int = 1, helper: bool = False) -> None:
        folder.mkdir()
        (folder / "gates").mkdir()
        self.folder, self.hold, self.every = folder, hold, every
        places = {"starts": str(folder / "starts"), "gates": str(folder / "gates")}
        self.job = start_job(
            actor=Actor(),
            project=make_project(),
            pool=ensure_pool(name="tests"),
            kind="counting",
            title="count",
            spec={**places, "to": to, "hold": hold, "every": every, "helper": helper},
        )

    def open_gate(self, attempt: int) -> None:
        (self.folder / "gates" / str(attempt)).touch()

    @property
    def starts(self) -> list[str]:
        """`1 from 0`: attempt and first number of every process that ever began."""
        written = self.folder / "starts"
        return written.read_text().splitlines() if written.exists() else []

    def waits(self, attempt: int) -> None:
        """Until this attempt is at the number where the job waits, and all before it is stored."""
        reached = self.job.logs.filter(attempt=attempt, text=f"at {self.hold}")
        newest = self.hold - self.hold % self.every
        eventually(lambda: reached.exists() and self.steps[-1:] == [self.hold], within=PATIENCE)
        eventually(lambda: newest in self.saved() and len(self.saved()) <= KEPT_CHECKPOINTS, within=PATIENCE)

    @property
    def steps(self) -> list[int]:
        return [step for step, _ in metrics_of(self.job)]

    def attempts(self) -> list[tuple[str, str]]:
        return list(self.job.attempts.order_by("number").values_list("state", "cause"))

    def saved(self) -> list[int]:
        return list(self.job.checkpoints.order_by("step").values_list("step", flat=True))

    def is_(self, state: str) -> Job:
        """Once it has come to this state."""
        return eventually(lambda: Job.objects.filter(id=self.job.id, state=state).first(), within=PATIENCE)


@pytest.fixture
def broker():
    with own_broker() as broker:
        yield broker


@pytest.fixture
def counting_job(db, tmp_path):
    return lambda **spec: Counting(tmp_path / f"job-{Job.objects.count()}", **spec)


@pytest.fixture
def start_worker(transactional_db, tmp_path, broker):
    """`start_worker("a")`: workers of the same pool, each with work folders of its own and the same artifacts."""
    workers = []

    def start(name):
        worker = PoolWorker(tmp_path / "workers", "tests", broker, name=name, kinds=counting.__name__)
        workers.append(worker.start())
        return worker

    yield start
    for worker in workers:
        worker.kill()
        eventually(lambda: not worker.trainers())  # noqa: B023 - asked before the next one


@pytest.fixture
def ring(broker):
    """Send the pool's doorbell, as many times as wanted."""

    def ring(times=1):
        with Connection(broker.url.replace("unix://", "redis+socket://")) as connection:
            for _ in range(times):
                current_app.send_task(bell.TASK, kwargs={"pool": "tests"}, queue="pool.tests", connection=connection)

    return ring
