"""Connecting model providers and taking them out of service."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.serving.models import CatalogueModel, Provider
from apps.serving.providers import InvalidOption, Option, adapter_for, check_options
from apps.serving.services.credentials import encrypt_credential
from apps.serving.tasks import load_missing_adapters
from llmkit import clock
from llmkit.net import ForbiddenAddress, InvalidUrl, check_url

log = logging.getLogger("flywheel.serving")

MAX_CREDENTIAL = 2000


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider is reached. `credential` is the key in clear; `allow_private` permits addresses inside.

    `options` are those of its kind; None leaves the stored ones as they are.
    """

    kind: str
    base_url: str
    credential: str = ""
    allow_private: bool = False
    options: Mapping[str, object] | None = None


@transaction.atomic
def connect_provider(*, actor: Actor, project: Project, name: str, endpoint: Endpoint) -> Provider:
    """A new provider; ValidationError naming `name`, `base_url`, `credential` or an option."""
    if Provider.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a provider called '{name}'."})
    options = check_endpoint(endpoint)
    provider = Provider.objects.create(
        project=project,
        name=name,
        kind=endpoint.kind,
        base_url=endpoint.base_url.rstrip("/"),
        credential=encrypt_credential(endpoint.credential),
        options=options,
        allow_private=endpoint.allow_private,
    )
    record_change(actor=actor, action="provider.connected", target=name, project=project, detail=_shown(provider))
    publish_config()
    return provider


@transaction.atomic
def change_endpoint(*, actor: Actor, provider: Provider, endpoint: Endpoint) -> None:
    """Move a provider; an empty credential keeps the one that is stored, unless the host changes."""
    if endpoint.options is None:
        endpoint = replace(endpoint, options=provider.options)
    options = check_endpoint(endpoint)
    before = _shown(provider)
    moved = endpoint.base_url.rstrip("/") != provider.base_url
    if moved and provider.credential and not endpoint.credential:
        # Or whoever may edit the address could have the stored key sent to a host of theirs.
        raise ValidationError({"credential": "Enter the key again: it is not sent to another address unasked."})
    provider.base_url, provider.allow_private = endpoint.base_url.rstrip("/"), endpoint.allow_private
    provider.options = options
    if endpoint.credential:
        provider.credential = encrypt_credential(endpoint.credential)
    provider.save(update_fields=["base_url", "allow_private", "credential", "options"])
    detail = {"before": before, "after": _shown(provider), "new_credential": bool(endpoint.credential)}
    record_change(actor=actor, action="provider.changed", target=provider.name, project=provider.project, detail=detail)
    publish_config()


@transaction.atomic
def set_provider_enabled(*, actor: Actor, provider: Provider, enabled: bool) -> None:
    """Take a provider and all its models out of service, or back into it."""
    provider.disabled_at = None if enabled else clock.now()
    provider.save(update_fields=["disabled_at"])
    action = "provider.enabled" if enabled else "provider.disabled"
    record_change(actor=actor, action=action, target=provider.name, project=provider.project)
    publish_config()
    _look_after_adapters(provider)


@transaction.atomic
def set_model_enabled(*, actor: Actor, model: CatalogueModel, enabled: bool) -> None:
    """Take one model out of service, or back into it; routes to it answer 404 meanwhile."""
    model.disabled_at = None if enabled else clock.now()
    model.save(update_fields=["disabled_at"])
    action = "model.enabled" if enabled else "model.disabled"
    record_change(actor=actor, action=action, target=model.name, project=model.project)
    publish_config()
    _look_after_adapters(model.provider)


def default_base_url(kind: str, options: Mapping[str, str]) -> str:
    """The usual address of a provider that speaks this protocol; "" where every customer has another one."""
    usual = adapter_for(kind).default_base_url
    for name, value in options.items():
        usual = usual.replace(f"{{{name}}}", value)
    return usual


def options_of(kind: str) -> tuple[Option, ...]:
    """What this kind of provider asks for besides address and credential."""
    return adapter_for(kind).options


def check_endpoint(endpoint: Endpoint) -> dict[str, str]:
    """The options as they are stored; ValidationError naming what the gateway could not use.

    That is `base_url`, `credential` or an option by its name.
    """
    if endpoint.kind == Provider.Kind.LOCAL:
        return {}
    adapter = adapter_for(endpoint.kind)
    if not endpoint.base_url:
        raise ValidationError({"base_url": "Enter the address: there is no usual one for this kind of provider."})
    try:
        options = check_options(adapter.options, endpoint.options or {})
        check_url(endpoint.base_url, allow_private=endpoint.allow_private)
    except InvalidOption as error:
        raise ValidationError({error.name: str(error)}) from error
    except (InvalidUrl, ForbiddenAddress) as error:
        raise ValidationError({"base_url": str(error)}) from error
    credential = endpoint.credential
    if len(credential) > MAX_CREDENTIAL or not (credential.isascii() and (credential + "x").isprintable()):
        raise ValidationError({"credential": "A key is one line of ordinary characters."})
    try:
        adapter.check_credential(credential)
    except ValueError as error:
        raise ValidationError({"credential": str(error)}) from error
    return options


def _look_after_adapters(provider: Provider) -> None:
    """Adapters follow their model into and out of the local engine."""
    if provider.kind == Provider.Kind.LOCAL:
        transaction.on_commit(_ring)


def _ring() -> None:
    try:
        load_missing_adapters.delay()
    except OperationalError:
        log.warning("Redis is away: the engine's adapters are looked after by the next regular check.")


def _shown(provider: Provider) -> dict[str, object]:
    return {
        "kind": provider.kind,
        "base_url": provider.base_url,
        "allow_private": provider.allow_private,
        "options": provider.options,
    }
