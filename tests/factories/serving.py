"""Providers, models and prices for tests."""

import itertools
from datetime import UTC, datetime

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import Endpoint, add_model, connect_provider, set_price

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def make_provider(
    project: Project,
    *,
    base_url: str = "http://127.0.0.1:1/v1",
    credential: str = "sk-provider-secret",
    kind: str = Provider.Kind.OPENAI_COMPATIBLE,
    name: str | None = None,
    options: dict[str, str] | None = None,
) -> Provider:
    endpoint = Endpoint(kind=kind, base_url=base_url, credential=credential, allow_private=True, options=options or {})
    return connect_provider(
        actor=Actor(), project=project, name=name or f"provider-{next(_numbers)}", endpoint=endpoint
    )


def make_model(
    provider: Provider,
    *,
    name: str | None = None,
    upstream_name: str | None = None,
    input_nano: int | None = None,
    output_nano: int | None = None,
    cached_input_nano: int | None = None,
    context_tokens: int = 8192,
) -> CatalogueModel:
    """Without prices unless `input_nano` (nano-dollars per million tokens) is given."""
    name = name or f"model-{next(_numbers)}"
    model = add_model(
        actor=Actor(),
        provider=provider,
        name=name,
        upstream_name=upstream_name or name,
        context_tokens=context_tokens,
    )
    if input_nano is not None:
        set_price(
            actor=Actor(),
            model=model,
            effective_from=LONG_AGO,
            input_nano=input_nano,
            output_nano=output_nano or 0,
            cached_input_nano=cached_input_nano,
        )
    return model
