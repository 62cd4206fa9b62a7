"""Pools, jobs and attempts for tests, with a kind of job that is whatever a test needs."""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.engine.claiming import claim_next
from apps.compute.models import Attempt, Job, Pool
from apps.compute.services import Plan, ensure_pool, register_job_kind, start_job

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


def make_job(project: Project, *, pool: Pool | None = None, script: str = "", **fields: Any) -> Job:
    """A queued job of the kind `script`, which must be registered."""
    return start_job(
        actor=Actor(),
        project=project,
        pool=pool or make_pool(),
        kind="script",
        title=f"job {next(_numbers)}",
        spec={"script": script},
        **fields,
    )


def claimed(job: Job) -> Attempt:
    attempt = claim_next(pool=job.pool, worker=None)
    assert attempt is not None
    return attempt
