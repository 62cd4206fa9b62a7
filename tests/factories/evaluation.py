"""Datasets with known answers, evaluations on them, and what models answered."""

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import ensure_pool
from apps.datasets.domain.rows import Row
from apps.datasets.models import DatasetVersion
from apps.datasets.services import create_dataset, make_version
from apps.evaluation.engine.calls import Outcome, Scorer, open_calls
from apps.evaluation.engine.concluding import report_on
from apps.evaluation.models import Evaluation
from apps.evaluation.services import start_evaluation
from apps.serving.models import CatalogueModel
from apps.serving.services.completing import Completion
from llmkit import clock

INTENTS = ("winter_storage", "sail_repair", "trade_in", "berth_booking")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"reply": {"type": "string"}, "intent": {"enum": list(INTENTS)}},
    "required": ["intent", "reply"],
}
_numbers = itertools.count(1)


def answer(intent: str, reply: str = "I will see to it.") -> str:
    return json.dumps({"intent": intent, "reply": reply}, separators=(",", ":"))


def intent_of(number: int) -> str:
    """What row `number` of a made version is about."""
    return INTENTS[number % len(INTENTS)]


def question_of(number: int) -> str:
    return f"Question {number} about {intent_of(number).replace('_', ' ')}"


def make_rows(count: int, *, split: str = "test", **fields: Any) -> list[Row]:
    """Rows whose expected answer follows from their number, tagged with their intent."""
    return [
        Row(
            messages=[
                {"role": "user", "content": question_of(number)},
                {"role": "assistant", "content": answer(intent_of(number))},
            ],
            split=split,
            **{"tags": [intent_of(number)], **fields},
        )
        for number in range(count)
    ]


def make_exam(
    project: Project, rows: int | Sequence[Row] = 40, *, schema: dict[str, Any] | None = SCHEMA, name: str | None = None
) -> DatasetVersion:
    dataset = create_dataset(
        actor=Actor(), project=project, name=name or f"exam-{next(_numbers)}", answer_schema=schema
    )
    found = make_rows(rows) if isinstance(rows, int) else rows
    return make_version(actor=Actor(), dataset=dataset, rows=found)


def make_evaluation(
    candidate: CatalogueModel,
    incumbent: CatalogueModel | None = None,
    *,
    version: DatasetVersion | None = None,
    **fields: Any,
) -> Evaluation:
    known = {"actor": Actor(), "project": candidate.project, "request": {}, "pool": ensure_pool(name="cpu")}
    return start_evaluation(
        **{**known, **fields},
        candidate=candidate,
        incumbent=incumbent,
        dataset_version=version or make_exam(candidate.project),
    )


def answer_all(
    evaluation: Evaluation, right: dict[CatalogueModel, Iterable[int]], *, failing: Iterable[int] = ()
) -> None:
    """Store an answer of every model to every row: right where its numbers say so, an error of each at `failing`."""
    known, broken = {model.id: set(numbers) for model, numbers in right.items()}, set(failing)
    outcomes = []
    for call in open_calls(evaluation):
        if call.position in broken:
            outcomes.append(Outcome(call, None, "The mast broke."))
            continue
        text = call.expected if call.position in known[call.model.id] else answer("no_idea", "Ahoy?")
        outcomes.append(Outcome(call, Completion(text, 100.0 + call.position, 10, 10)))
    Scorer(evaluation).save(outcomes)


def conclude(evaluation: Evaluation) -> Evaluation:
    """End it as its job does when it succeeds."""
    evaluation.report = report_on(evaluation)
    evaluation.save(update_fields=["report"])
    Job.objects.filter(id=evaluation.job_id).update(state="succeeded", progress=1, finished_at=clock.now())
    evaluation.job.refresh_from_db()
    return evaluation


def make_concluded(
    candidate: CatalogueModel,
    incumbent: CatalogueModel,
    *,
    only_candidate: int = 20,
    only_incumbent: int = 4,
    both: int = 12,
    neither: int = 4,
    failing: Iterable[int] = (),
    **fields: Any,
) -> Evaluation:
    """A finished comparison with these counts; rows come in that order."""
    numbers = itertools.count()
    parts = [list(itertools.islice(numbers, count)) for count in (only_candidate, only_incumbent, both, neither)]
    version = make_exam(candidate.project, sum(map(len, parts)))
    evaluation = make_evaluation(candidate, incumbent, version=version, **fields)
    right = {candidate: [*parts[0], *parts[2]], incumbent: [*parts[1], *parts[2]]}
    answer_all(evaluation, right, failing=failing)
    return conclude(evaluation)
