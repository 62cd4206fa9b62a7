"""The steps of a turn after its training began; each is safe to take twice."""

import logging
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.evaluation.models import Evaluation
from apps.evaluation.services import start_evaluation
from apps.finetuning.models import FinetuneRun
from apps.gateway.models import RouteVersion
from apps.pipelines.domain.gate import Gate, decide
from apps.pipelines.engine.announcing import announce
from apps.pipelines.engine.promoting import promote_turn
from apps.pipelines.models import Turn

log = logging.getLogger("flywheel.pipelines")
UNDER_WAY = (Turn.State.TRAINING, Turn.State.EVALUATING)
OPEN = (*UNDER_WAY, Turn.State.FAILED)


def advance_waiting() -> None:
    """Advance what was missed: a worker that dies between ending a job and telling of it leaves its turn waiting.

    A turn that cannot go on for a reason that nobody foresaw holds up none of the others.
    """
    waiting = Turn.objects.filter(state__in=UNDER_WAY)
    for turn_id in waiting.values_list("id", flat=True):
        try:
            advance_turn(turn_id=turn_id)
        except Exception:
            log.exception("The turn %s could not be advanced", turn_id)


def advance_turn(*, turn_id: uuid.UUID) -> Turn:
    """Take the next step of a turn if the one before has ended; promotes by itself where the wheel says so.

    A turn that failed goes on once somebody tried its job again and that succeeded.
    """
    with transaction.atomic():
        turn = Turn.objects.select_for_update(of=("self",)).select_related(*PARTS).get(id=turn_id)
        if turn.state in OPEN and turn.evaluation and turn.evaluation.job.finished:
            _judge(turn, turn.evaluation)
        elif turn.state in OPEN and turn.evaluation is None and turn.run and turn.run.job.finished:
            _examine(turn, turn.run)
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
        _fail(turn, how_it_ended("finetuning", run.job))
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
            field=Gate.of(turn.wheel.gate).field,
        )
    except ValidationError as error:
        _fail(turn, " ".join(error.messages))
        return
    turn.error = ""
    _move(turn, Turn.State.EVALUATING, "evaluation", "error")


def request_of(version: RouteVersion) -> dict[str, Any]:
    """What the route adds to every request, so that the exam is taken as the traffic would be."""
    return {"system_prompt": version.system_prompt, "defaults": version.defaults}


def how_it_ended(what: str, job: Job) -> str:
    """`The finetuning failed. Its base went.`"""
    was = "" if job.state == Job.State.FAILED else "was "
    return f"The {what} {was}{job.state}. {job.error}".strip()


def _judge(turn: Turn, evaluation: Evaluation) -> None:
    if evaluation.report is None or evaluation.job.state != Job.State.SUCCEEDED:
        _fail(turn, how_it_ended("evaluation", evaluation.job))
        return
    decision = decide(
        evaluation.report,
        Gate.of(turn.wheel.gate),
        candidate=evaluation.candidate.name,
        incumbent=evaluation.incumbent.name if evaluation.incumbent else "",
    )
    turn.decision, turn.error = decision.stored(), ""
    _move(turn, Turn.State.PASSED if decision.passed else Turn.State.REFUSED, "decision", "error")


def _promote_unasked(turn: Turn) -> None:
    """What stands against it is noted on the turn; a person can still promote it."""
    try:
        promote_turn(actor=Actor(user=turn.started_by), turn=turn, automatic=True)
    except ValidationError as error:
        Turn.objects.filter(id=turn.id).update(error=" ".join(error.messages))
    turn.refresh_from_db()


def _fail(turn: Turn, error: str) -> None:
    if turn.state == Turn.State.FAILED and turn.error == error:
        return
    turn.error = error
    _move(turn, Turn.State.FAILED, "error")


def _move(turn: Turn, state: Turn.State, *changed: str) -> None:
    turn.state = state
    turn.save(update_fields=["state", "updated_at", *changed])
    announce(turn)
