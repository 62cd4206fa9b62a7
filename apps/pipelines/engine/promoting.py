"""Moving a route's traffic to a turn's model, and back."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import Actor, record_change
from apps.gateway.models import Route
from apps.gateway.services import activate_version, replace_model
from apps.pipelines.domain.gate import percent
from apps.pipelines.engine.announcing import announce
from apps.pipelines.models import Promotion, Turn
from apps.serving.services import AdapterNotLoaded, load_adapter
from llmkit import clock


def promote_turn(*, actor: Actor, turn: Turn, automatic: bool = False) -> Promotion:
    """Send the route's traffic to the turn's model.

    ValidationError when the gate has not let it through, when the route changed since it was measured, or when the
    engine does not serve it: nothing is changed then.
    """
    _require_passed(turn)
    _require_served(turn)
    with transaction.atomic():
        turn = Turn.objects.select_for_update(of=("self",)).select_related(*PARTS).get(id=turn.id)
        _require_passed(turn)
        route = Route.objects.select_for_update().get(id=turn.wheel.route_id)
        if route.active_id != turn.incumbent_id:
            raise ValidationError(
                f"The route '{route}' was changed since this model was measured: start a new turn to compare it with "
                "what serves now."
            )
        return _promote(actor, turn, route, automatic)


def roll_back(*, actor: Actor, promotion: Promotion) -> None:
    """Send the traffic back to the version before; ValidationError when something else serves by now."""
    with transaction.atomic():
        promotion = Promotion.objects.select_for_update(of=("self",)).select_related(*FORMER).get(id=promotion.id)
        route = Route.objects.select_for_update().get(id=promotion.after.route_id)
        if promotion.rolled_back_at:
            raise ValidationError("This promotion was rolled back already.")
        if route.active_id != promotion.after_id:
            raise ValidationError(f"Another version of '{route}' takes the traffic by now: choose one on its page.")
        activate_version(
            actor=actor, route=route, number=promotion.before.number, message=f"Back from {promotion.turn}"
        )
        promotion.rolled_back_by, promotion.rolled_back_at = actor.user, clock.now()
        promotion.save(update_fields=["rolled_back_by", "rolled_back_at"])
        turn = promotion.turn
        turn.state = Turn.State.ROLLED_BACK
        turn.save(update_fields=["state", "updated_at"])
        record_change(actor=actor, action="wheel.rolled_back", target=str(turn), project=route.project)
        announce(turn)


PARTS = ("wheel__project", "wheel__route", "incumbent", "run__model")
FORMER = ("turn__wheel__route", "before", "after")


def _require_passed(turn: Turn) -> None:
    if turn.state == Turn.State.PROMOTED:
        raise ValidationError("This model was promoted already.")
    if turn.state not in {Turn.State.PASSED, Turn.State.ROLLED_BACK}:
        raise ValidationError("Only a model that passed its gate can be promoted.")


def _require_served(turn: Turn) -> None:
    if turn.run is None or turn.run.model is None:
        raise ValidationError("This turn has no model.")
    try:
        load_adapter(model=turn.run.model)
    except AdapterNotLoaded as problem:
        raise ValidationError(f"The engine does not serve {turn.run.model}: {problem}") from problem


def _promote(actor: Actor, turn: Turn, route: Route, automatic: bool) -> Promotion:
    run, decision = turn.run, turn.decision or {}
    if run is None or run.model is None:
        raise ValidationError("This turn has no model.")
    gain = f"{percent(decision['accuracy_before'])} to {percent(decision['accuracy_after'])}" if decision else ""
    message = f"Turn {turn.number}: {gain}"
    version = replace_model(actor=actor, route=route, base=turn.incumbent, model=run.model, message=message)
    promotion = Promotion.objects.create(
        turn=turn, before=turn.incumbent, after=version, automatic=automatic, promoted_by=actor.user
    )
    turn.state, turn.error = Turn.State.PROMOTED, ""
    turn.save(update_fields=["state", "error", "updated_at"])
    detail = {"model": run.model.name, "version": version.number, "automatic": automatic}
    record_change(actor=actor, action="wheel.promoted", target=str(turn), project=route.project, detail=detail)
    announce(turn)
    return promotion
