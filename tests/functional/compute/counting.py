"""A kind of job that counts, in plain Python. `celery worker --include` this module makes a worker know it."""

import json
import sys
from pathlib import Path
from typing import Any

from apps.compute.models import Job
from apps.compute.services import Plan, register_job_kind
from tests.helpers.processes import ROOT


class CountingKind:
    """spec: see the process, in count_up.py."""

    name = "counting"

    def prepare(self, job: Job, folder: Path, checkpoint: Path | None) -> Plan:
        (folder / "spec.json").write_text(json.dumps({**job.spec, "attempt": job.attempt}))
        command = [sys.executable, "-m", "tests.functional.compute.count_up", str(folder), str(checkpoint or "")]
        return Plan(command, {"PYTHONPATH": str(ROOT)})

    def succeed(self, job: Job, folder: Path, reported: dict[str, Any]) -> None:
        """The count is in the job's result already."""

    def ended(self, job: Job) -> None:
        """Nobody waits for it."""


register_job_kind(CountingKind())
