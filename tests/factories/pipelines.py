"""Wheels with real parts, and turns as their jobs move them on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import ensure_pool
from apps.datasets.domain.rows import Row
from apps.evaluation.engine.kind import EvaluationKind
from apps.finetuning.engine.kind import FinetuneKind
from apps.pipelines.models import Promotion, Turn, Wheel
from apps.pipelines.services import create_wheel, promote_turn, start_turn
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.annotation import make_queue
from tests.factories.datasets import make_version_of
from tests.factories.evaluation import SCHEMA, answer, answer_all, conclude, intent_of, make_exam
from tests.factories.finetuning import leave_adapter, make_base
from tests.factories.gateway import make_route

PROMPT = "You are the desk of a chandlery."


def make_wheel(project: Project | None = None, **fields: Any) -> Wheel:
    """A wheel whose route serves its base; the dataset has no version yet."""
    project = project or make_project()
    base = fields.pop("base", None) or make_base(project)
    known = {
        "route": fields.pop("route", None)
        or make_route(base, name="support", system_prompt=PROMPT, defaults={"temperature": 0}),
        "queue": fields.pop("queue", None) or make_queue(project, schema=SCHEMA),
        "exam": fields.pop("exam", None) or make_exam(project, 40),
        "base": base,
        "pool": ensure_pool(name="cpu"),
    }
    return create_wheel(actor=Actor(), **known, **fields)


def lessons(count: int = 12, **fields: Any) -> list[Row]:
    """Rows to train on, other questions than those of the exam."""
    return [
        Row(
            messages=[
                {"role": "user", "content": f"Lesson {number} about {intent_of(number)}"},
                {"role": "assistant", "content": answer(intent_of(number))},
            ],
            split="train",
            **fields,
        )
        for number in range(count)
    ]


def make_turn(wheel: Wheel | None = None, **fields: Any) -> Turn:
    """A turn whose training waits for a worker."""
    wheel = wheel or make_wheel()
    if not wheel.dataset.versions.exists():
        make_version_of(wheel.dataset, *lessons())
    return start_turn(actor=fields.pop("actor", Actor()), wheel=wheel, **fields)


def train(turn: Turn, folder: Path) -> Turn:
    """End the training as its worker does when it succeeds, with an adapter of `folder`, and tell of it."""
    assert turn.run
    kind = FinetuneKind()
    leave_adapter(folder)
    kind.succeed(turn.run.job, folder, {})
    end(turn.run.job, Job.State.SUCCEEDED)
    kind.ended(turn.run.job)
    return Turn.objects.get(id=turn.id)


def examine(turn: Turn, *, before: Iterable[int] = range(20), after: Iterable[int] = range(40)) -> Turn:
    """End the exam, where the incumbent answers the rows `before` right and the candidate `after`, and tell of it."""
    evaluation = turn.evaluation
    assert evaluation
    assert evaluation.incumbent
    answer_all(evaluation, {evaluation.candidate: after, evaluation.incumbent: before})
    EvaluationKind().ended(conclude(evaluation).job)
    return Turn.objects.get(id=turn.id)


def passed_turn(wheel: Wheel, folder: Path) -> Turn:
    return examine(train(make_turn(wheel), folder))


def refused_turn(wheel: Wheel, folder: Path) -> Turn:
    return examine(train(make_turn(wheel), folder), after=range(21))


def promoted(wheel: Wheel, folder: Path, *, actor: Actor | None = None) -> Promotion:
    return promote_turn(actor=actor or Actor(), turn=passed_turn(wheel, folder))


def end(job: Job, state: Job.State, error: str = "") -> None:
    Job.objects.filter(id=job.id).update(state=state, error=error, finished_at=clock.now())
    job.refresh_from_db()
