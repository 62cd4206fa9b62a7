"""The steps of a turn after its training began; each is safe to take twice."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.evaluation.services import start_evaluation
from apps.finetuning.models import FinetuneRun
from apps.gateway.models import RouteVersion
from apps.pipelines.domain.gate import Gate, decide
from apps.pipelines.engine.announcing import announce
from apps.pipelines.engine.promoting import promote_turn
from apps.pipelines.models import Turn

UNDER_WAY = (Turn.State.TRAINING, Turn.State.EVALUATING)


def advance_waiting() -> None:
    """Advance what was missed: a worker that dies between ending a job and telling of it leaves its turn waiting."""
    waiting = Turn.objects.filter(state__in=UNDER_WAY)
    for turn_id in waiting.values_list("id", flat=True):
        advance_turn(turn_id=turn_id)


def advance_turn(*, turn_id: uuid.UUID) -> Turn:
    """Take the next step of a turn if the one before has ended; promotes by itself where the wheel says so."""
    with transaction.atomic():
        turn = Turn.objects.select_for_update(of=("self",)).select_related(*PARTS).get(id=turn_id)
        if turn.state == Turn.State.TRAINING and turn.run and turn.run.job.finished:
            _examine(turn, turn.run)
        elif turn.state == Turn.State.EVALUATING and turn.evaluation and turn.evaluation.job.finished:
            _judge(turn)
    if turn.state == Turn.State.PASSED and turn.wheel.auto_promote:
        _promote_unasked(turn)
    return turn


PARTS = (
    "wheel__project",
    "wheel__route",
    "wheel__exam",
    "wheel__pool",
    "run__job",
    "run__model",
    "evaluation__job",
    "evaluation__candidate",
    "evaluation__incumbent",
    "incumbent__model",
    "started_by",
)


def _examine(turn: Turn, run: FinetuneRun) -> None:
    if run.job.state != Job.State.SUCCEEDED or run.model is None:
        _fail(turn, f"The finetuning was {run.job.state}. {run.job.error}".strip())
        return
    try:
        turn.evaluation = start_evaluation(
            actor=Actor(user=turn.started_by),
            project=turn.wheel.project,
            candidate=run.model,
            incumbent=turn.incumbent.model,
            dataset_version=turn.wheel.exam,
            split="test",
            request=request_of(turn.incumbent),
            pool=turn.wheel.pool,
            title=f"{run.model} against {turn.incumbent.model}",
        )
    except ValidationError as error:
        _fail(turn, " ".join(error.messages))
        return
    _move(turn, Turn.State.EVALUATING, "evaluation")


def request_of(version: RouteVersion) -> dict[str, Any]:
    """What the route adds to every request, so that the exam is taken as the traffic would be."""
    return {"system_prompt": version.system_prompt, "defaults": version.defaults}


def _judge(turn: Turn) -> None:
    evaluation = turn.evaluation
    if evaluation is None or evaluation.report is None or evaluation.job.state != Job.State.SUCCEEDED:
        job = evaluation.job if evaluation else None
        _fail(turn, f"The evaluation was {job.state}. {job.error}".strip() if job else "The evaluation is gone.")
        return
    decision = decide(
        evaluation.report,
        Gate.of(turn.wheel.gate),
        candidate=evaluation.candidate.name,
        incumbent=evaluation.incumbent.name if evaluation.incumbent else "",
    )
    turn.decision = decision.stored()
    _move(turn, Turn.State.PASSED if decision.passed else Turn.State.REFUSED, "decision")


def _promote_unasked(turn: Turn) -> None:
    """What stands against it is noted on the turn; a person can still promote it."""
    try:
        promote_turn(actor=Actor(user=turn.started_by), turn=turn, automatic=True)
    except ValidationError as error:
        Turn.objects.filter(id=turn.id).update(error=" ".join(error.messages))
    turn.refresh_from_db()


def _fail(turn: Turn, error: str) -> None:
    turn.error = error
    _move(turn, Turn.State.FAILED, "error")


def _move(turn: Turn, state: Turn.State, *changed: str) -> None:
    turn.state = state
    turn.save(update_fields=["state", "updated_at", *changed])
    announce(turn)
