"""Pools, jobs and attempts for tests, with a kind of job that is whatever a test needs."""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.engine.claiming import claim_next
from apps.compute.engine.running import run_waiting
from apps.compute.models import Attempt, Job, Pool, Worker
from apps.compute.services import Plan, cancel_job, ensure_pool, register_job_kind, start_job
from llmkit import clock

_numbers = itertools.count(1)
ROOT = Path(__file__).resolve().parents[2]


class ScriptKind:
    """A job whose subprocess runs the Python text in its spec."""

    name = "script"

    def __init__(self) -> None:
        self.ended_jobs: list[Any] = []
        self.on_success: Callable[[Job, Path, dict[str, Any]], None] | None = None

    def prepare(self, job: Job, folder: Path, checkpoint: Path | None) -> Plan:
        script = folder / "script.py"
        script.write_text(job.spec["script"])
        env = {"PYTHONPATH": str(ROOT), "CHECKPOINT": str(checkpoint or "")}
        return Plan([sys.executable, str(script)], env)

    def succeed(self, job: Job, folder: Path, reported: dict[str, Any]) -> None:
        if self.on_success:
            self.on_success(job, folder, reported)

    def ended(self, job: Job) -> None:
        self.ended_jobs.append(job.id)


def script_kind() -> ScriptKind:
    """A fresh one, registered in place of the one before."""
    kind = ScriptKind()
    register_job_kind(kind)
    return kind


def make_pool() -> Pool:
    return ensure_pool(name=f"pool-{next(_numbers)}")


def make_job(project: Project, *, pool: Pool | None = None, script: str = "", title: str = "", **fields: Any) -> Job:
    """A queued job of the kind `script`, which must be registered."""
    return start_job(
        actor=Actor(),
        project=project,
        pool=pool or make_pool(),
        kind="script",
        title=title or f"job {next(_numbers)}",
        spec={"script": script},
        **fields,
    )


def make_worker(pool: Pool, **fields: Any) -> Worker:
    """A worker that is alive, on a machine with no device but its processor."""
    known = {
        "name": f"worker-{next(_numbers)}@here",
        "host": "here",
        "pid": 4321,
        "devices": [{"kind": "cpu", "name": "CPU", "memory_bytes": 16 * 10**9}],
        "cpus": 8,
        "memory_bytes": 16 * 10**9,
        "started_at": clock.now(),
        "last_seen_at": clock.now(),
    }
    return Worker.objects.create(pool=pool, **{**known, **fields})


def claimed(job: Job, *, worker: Worker | None = None) -> Attempt:
    attempt = claim_next(pool=job.pool, worker=worker)
    assert attempt is not None
    return attempt


FAILS = "from apps.compute.domain.reporting import Reporter\nReporter().problem('There is no row to learn from.')\n"


def job_in(project: Project, state: Job.State, **fields: Any) -> Job:
    """A job that came to this state as jobs do; the kind `script` must be registered."""
    job = make_job(project, script=FAILS if state == Job.State.FAILED else "", **fields)
    if state == Job.State.CANCELLED:
        cancel_job(actor=Actor(), job=job)
    elif state == Job.State.RUNNING:
        claimed(job)
    elif state != Job.State.QUEUED:
        run_waiting(job.pool.name)
    job.refresh_from_db()
    return job
