"""News from the floors below, each of which moves the wheel on. What is missed here, `tasks` finds by itself."""

import logging
import uuid
from typing import Any

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from apps.evaluation.signals import evaluation_ended
from apps.feedback.signals import feedback_given
from apps.finetuning.signals import run_ended
from apps.pipelines.models import Turn
from apps.pipelines.services import advance_turn
from apps.pipelines.tasks import collect_feedback

log = logging.getLogger(__name__)


@receiver(feedback_given)
def collect_soon(feedback_id: uuid.UUID, **_: Any) -> None:
    try:
        collect_feedback.delay(feedback_id=str(feedback_id))
    except OperationalError as error:
        log.warning("The broker is away; feedback %s is collected later. (%s)", feedback_id, error)


@receiver(run_ended)
def after_training(run_id: uuid.UUID, **_: Any) -> None:
    for turn in Turn.objects.filter(run_id=run_id):
        advance_turn(turn_id=turn.id)


@receiver(evaluation_ended)
def after_evaluation(evaluation_id: uuid.UUID, **_: Any) -> None:
    for turn in Turn.objects.filter(evaluation_id=evaluation_id):
        advance_turn(turn_id=turn.id)
