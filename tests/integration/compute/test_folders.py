"""Work folders go when their attempt is over, also those of attempts whose worker was killed."""

import pytest

from apps.compute.engine import workers
from apps.compute.engine.folders import folder_of
from apps.compute.engine.running import run_waiting
from apps.compute.models import Job, Worker
from tests.factories.compute import claimed, make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_worker(monkeypatch):
    """This process registers as a worker, without the thread that keeps saying so."""
    monkeypatch.setattr(workers, "_current", {})
    monkeypatch.setattr(workers.threading.Thread, "start", lambda self: None)
    return lambda pool: workers.register(name="test@here", queues=["celery", pool.queue])


def left_behind(attempt):
    folder = folder_of(attempt)
    folder.mkdir(parents=True)
    (folder / "half").write_text("half")
    return folder


def test_nothing_is_left_of_a_job_that_is_over(project, kind, settings):
    job = make_job(project, script="print('hello')")
    run_waiting(job.pool.name)
    assert job.logs.exists()
    assert list(settings.JOBS_DIR.iterdir()) == []


def test_a_worker_that_starts_sweeps_up_after_one_that_was_killed(project, kind, as_worker):
    job = make_job(project)
    lost = left_behind(claimed(job))
    Job.objects.update(state=Job.State.QUEUED)
    running = left_behind(claimed(job))
    over = left_behind(claimed(make_job(project)))
    Job.objects.exclude(id=job.id).update(state=Job.State.CANCELLED)
    as_worker(job.pool)
    assert running.is_dir()
    assert not lost.exists()
    assert not over.parent.exists()


def test_a_worker_registers_with_each_of_its_pools(project, kind, as_worker):
    pool = make_job(project).pool
    (worker,) = as_worker(pool)
    assert Worker.objects.get(pool=pool) == worker
    assert workers.current(pool) == worker
    assert (worker.devices != [], worker.cpus > 0, worker.memory_bytes > 0) == (True, True, True)
    workers.leave()
    worker.refresh_from_db()
    assert worker.stopped_at is not None
