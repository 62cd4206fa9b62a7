"""Connecting providers and keeping the catalogue of models and prices."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.serving.domain.names import complaint_about
from apps.serving.models import CatalogueModel, LocalModel, PriceVersion, Provider


@transaction.atomic
def connect_local_engine(*, actor: Actor, project: Project) -> Provider:
    """The provider that stands for this installation's own engine."""
    provider = Provider.objects.create(project=project, name="local", kind=Provider.Kind.LOCAL)
    record_change(actor=actor, action="provider.connected", target=str(provider), project=project)
    publish_config()
    return provider


@transaction.atomic
def add_model(
    *,
    actor: Actor,
    provider: Provider,
    name: str,
    upstream_name: str,
    context_tokens: int,
    description: str = "",
    capabilities: Sequence[str] = (),
    max_output_tokens: int | None = None,
) -> CatalogueModel:
    """Put a model of a provider into its project's catalogue; ValidationError naming `name` when it is taken."""
    if complaint := complaint_about(name):
        raise ValidationError({"name": f"{name}: {complaint}"})
    if CatalogueModel.objects.for_project(provider.project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a model called '{name}'."})
    if provider.kind == Provider.Kind.LOCAL and _of_another_project(provider.project, upstream_name):
        raise ValidationError({"upstream_name": "This is an adapter of another project."})
    model = CatalogueModel.objects.create(
        project=provider.project,
        provider=provider,
        name=name,
        upstream_name=upstream_name,
        description=description,
        capabilities=list(capabilities),
        context_tokens=context_tokens,
        max_output_tokens=max_output_tokens,
    )
    record_change(actor=actor, action="model.added", target=name, project=provider.project)
    publish_config()
    return model


@transaction.atomic
def set_price(
    *,
    actor: Actor,
    model: CatalogueModel,
    effective_from: datetime,
    input_nano: int,
    output_nano: int,
    cached_input_nano: int | None = None,
    cache_creation_nano: int | None = None,
    audio_input_nano: int | None = None,
    image_input_nano: int | None = None,
    reasoning_nano: int | None = None,
    audio_output_nano: int | None = None,
) -> PriceVersion:
    """Prices in nano-dollars per million tokens from a moment on; the ones before stay as they were.

    Kinds of tokens without a price cost what input or output costs.
    """
    if model.prices.filter(effective_from=effective_from).exists():
        raise ValidationError({"effective_from": "This model already has a price from that moment on."})
    price = PriceVersion.objects.create(
        model=model,
        effective_from=effective_from,
        input_nano=input_nano,
        output_nano=output_nano,
        cached_input_nano=input_nano if cached_input_nano is None else cached_input_nano,
        cache_creation_nano=cache_creation_nano,
        audio_input_nano=audio_input_nano,
        image_input_nano=image_input_nano,
        reasoning_nano=reasoning_nano,
        audio_output_nano=audio_output_nano,
    )
    record_change(actor=actor, action="price.set", target=str(price), project=model.project)
    publish_config()
    return price


def _of_another_project(project: Project, upstream_name: str) -> bool:
    """All projects share one engine, but none may call what another has trained."""
    adapters = LocalModel.objects.adapters().filter(model__upstream_name=upstream_name)
    return adapters.exclude(model__project=project).exists()
