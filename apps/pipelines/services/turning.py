"""Starting a turn of the wheel: from answers to a training."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import Actor, record_change
from apps.annotation.models import AnnotationItem
from apps.annotation.services import publish_answers
from apps.datasets.domain.rows import prompt_key
from apps.datasets.models import DatasetVersion
from apps.datasets.services import extend_dataset
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.models import FinetuneRun
from apps.finetuning.services import start_finetune
from apps.pipelines.engine.advancing import UNDER_WAY
from apps.pipelines.engine.announcing import announce
from apps.pipelines.engine.collecting import LOOK_BACK
from apps.pipelines.models import Turn, Wheel
from apps.pipelines.queries.answers import corrected, praised_rows
from llmkit import clock


@transaction.atomic
def start_turn(*, actor: Actor, wheel: Wheel, message: str = "") -> Turn:
    """Make a dataset version of what was accepted and praised, and train on it.

    ValidationError when there is nothing to learn from, or while another turn is under way.
    """
    wheel = (
        Wheel.objects.select_for_update(of=("self",)).select_related("route__active__model", "queue").get(id=wheel.id)
    )
    if wheel.turns.filter(state__in=UNDER_WAY).exists():
        raise ValidationError("A turn of this wheel is under way: wait for it, or cancel its job.")
    if wheel.route.active is None:
        raise ValidationError(f"The route '{wheel.route}' has no version that takes traffic.")
    newest = wheel.turns.order_by("-number").first()
    turn = Turn(wheel=wheel, number=newest.number + 1 if newest else 1, incumbent=wheel.route.active)
    turn.dataset_version = _learnable(actor, wheel, message)
    turn.started_by = actor.user
    turn.run = _train(actor, turn)
    turn.save()
    record_change(actor=actor, action="wheel.turned", target=str(turn), project=wheel.project)
    announce(turn)
    return turn


def _learnable(actor: Actor, wheel: Wheel, message: str) -> DatasetVersion:
    """The newest version of the wheel's dataset, with praised answers and accepted corrections added.

    Praise comes first: a correction of the same question replaces it, and is never replaced by praise.
    """
    newest = wheel.dataset.versions.order_by("-number").first()
    known = corrected(newest) if newest else set()
    praised = praised_rows(project=wheel.project, route=wheel.route, since=clock.now() - LOOK_BACK)
    if praised := [row for row in praised if prompt_key(row.prompt) not in known]:
        said = message or f"{len(praised)} praised answers"
        extend_dataset(actor=actor, dataset=wheel.dataset, rows=praised, message=said)
    if wheel.queue.items.filter(state=AnnotationItem.State.ACCEPTED, version=None).exists():
        return publish_answers(actor=actor, queue=wheel.queue, message=message)
    version = wheel.dataset.versions.order_by("-number").first()
    if version is None:
        raise ValidationError(
            "There is nothing to learn from yet: annotate items of the queue, or add traces to the dataset."
        )
    return version


def _train(actor: Actor, turn: Turn) -> FinetuneRun:
    wheel, serving = turn.wheel, turn.incumbent
    recipe = {"system_prompt": serving.system_prompt, **wheel.recipe}
    return start_finetune(
        actor=actor,
        project=wheel.project,
        base=wheel.base,
        dataset_version=turn.dataset_version,
        name=model_name(turn),
        pool=wheel.pool,
        recipe=Recipe.from_json(recipe),
    )


def model_name(turn: Turn) -> str:
    """`support-turn-3`: what the turn's model is called in the catalogue."""
    return f"{turn.wheel.route.name[:80]}-turn-{turn.number}"
