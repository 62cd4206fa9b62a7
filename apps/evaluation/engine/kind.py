"""The job of an evaluation: what its process gets, and what its end brings."""

import json
import sys
from pathlib import Path
from typing import Any

from apps.compute.models import Job
from apps.compute.services import JobProblem, Plan
from apps.evaluation.engine.concluding import Incomplete, report_on
from apps.evaluation.engine.running import upstreams_of
from apps.evaluation.models import Evaluation
from apps.evaluation.signals import evaluation_ended
from apps.serving.services import UpstreamUnusable

SPEC = "spec.json"


class EvaluationKind:
    """Checkpoints are not needed: every answer is a row of its own, and a new attempt asks for those that lack."""

    name = "evaluation"

    def prepare(self, job: Job, folder: Path, checkpoint: Path | None) -> Plan:
        evaluation = evaluation_of(job)
        try:
            upstreams_of(evaluation)
        except UpstreamUnusable as error:
            raise JobProblem(str(error)) from error
        (folder / SPEC).write_text(json.dumps({"evaluation_id": str(evaluation.id)}))
        return Plan(argv=[sys.executable, "-m", "apps.evaluation.runner", str(folder)])

    def succeed(self, job: Job, folder: Path, reported: dict[str, Any]) -> None:
        evaluation = evaluation_of(job)
        try:
            evaluation.report = report_on(evaluation)
        except Incomplete as error:
            raise JobProblem(str(error)) from error
        evaluation.save(update_fields=["report"])

    def ended(self, job: Job) -> None:
        evaluation_ended.send(sender=Evaluation, evaluation_id=evaluation_of(job).id)


def evaluation_of(job: Job) -> Evaluation:
    return Evaluation.objects.select_related("candidate__provider", "incumbent__provider").get(job=job)
