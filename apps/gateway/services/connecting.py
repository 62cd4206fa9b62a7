"""One step from "I have a provider" to "my application uses it"."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.gateway.models import Route
from apps.gateway.services.routes import replace_model
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import Endpoint, add_model, connect_provider, set_price
from llmkit import clock


@dataclass(frozen=True, kw_only=True)
class NewModel:
    """`name`: what callers say; prices in nano-dollars per million tokens, None when nobody wants to count them."""

    name: str
    upstream_name: str
    context_tokens: int
    input_nano: int | None = None
    cached_input_nano: int | None = None
    output_nano: int | None = None


@transaction.atomic
def connect_provider_with_models(
    *,
    actor: Actor,
    project: Project,
    name: str,
    endpoint: Endpoint,
    models: Sequence[NewModel],
    route: Route | None = None,
) -> Provider:
    """The provider with its models in the catalogue; `route` then goes to the first one, keeping prompt and defaults.

    All or nothing; ValidationError naming the field at fault.
    """
    provider = connect_provider(actor=actor, project=project, name=name, endpoint=endpoint)
    added = [_add(actor, provider, model) for model in models]
    if route is not None and route.active is not None and added:
        message = f"Moved to {added[0].name} of {name}"
        replace_model(actor=actor, route=route, base=route.active, model=added[0], message=message)
    return provider


def _add(actor: Actor, provider: Provider, new: NewModel) -> CatalogueModel:
    try:
        model = add_model(
            actor=actor,
            provider=provider,
            name=new.name,
            upstream_name=new.upstream_name,
            context_tokens=new.context_tokens,
        )
    except ValidationError as error:
        raise ValidationError({"models": error.messages}) from error
    if new.input_nano is not None:
        set_price(
            actor=actor,
            model=model,
            effective_from=clock.now(),
            input_nano=new.input_nano,
            cached_input_nano=new.cached_input_nano,
            output_nano=new.output_nano or 0,
        )
    return model
