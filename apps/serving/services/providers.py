"""Connecting model providers and taking them out of service."""

import logging
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.accounts.models import Project
from apps.accounts.services import Actor, publish_config, record_change
from apps.serving.models import CatalogueModel, Provider
from apps.serving.providers import adapter_for
from apps.serving.services.credentials import encrypt_credential
from apps.serving.tasks import load_missing_adapters
from llmkit import clock
from llmkit.net import ForbiddenAddress, InvalidUrl, check_url

log = logging.getLogger("flywheel.serving")

MAX_CREDENTIAL = 2000


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider is reached. `credential` is the key in clear; `allow_private` permits addresses inside."""

    kind: str
    base_url: str
    credential: str = ""
    allow_private: bool = False


@transaction.atomic
def connect_provider(*, actor: Actor, project: Project, name: str, endpoint: Endpoint) -> Provider:
    """A new provider; ValidationError naming `name`, `base_url` or `credential`."""
    if Provider.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a provider called '{name}'."})
    check_endpoint(endpoint)
    provider = Provider.objects.create(
        project=project,
        name=name,
        kind=endpoint.kind,
        base_url=endpoint.base_url.rstrip("/"),
        credential=encrypt_credential(endpoint.credential),
        allow_private=endpoint.allow_private,
    )
    record_change(actor=actor, action="provider.connected", target=name, project=project, detail=_shown(provider))
    publish_config()
    return provider


@transaction.atomic
def change_endpoint(*, actor: Actor, provider: Provider, endpoint: Endpoint) -> None:
    """Move a provider; an empty credential keeps the one that is stored, unless the host changes."""
    check_endpoint(endpoint)
    before = _shown(provider)
    moved = endpoint.base_url.rstrip("/") != provider.base_url
    if moved and provider.credential and not endpoint.credential:
        # Or whoever may edit the address could have the stored key sent to a host of theirs.
        raise ValidationError({"credential": "Enter the key again: it is not sent to another address unasked."})
    provider.base_url, provider.allow_private = endpoint.base_url.rstrip("/"), endpoint.allow_private
    if endpoint.credential:
        provider.credential = encrypt_credential(endpoint.credential)
    provider.save(update_fields=["base_url", "allow_private", "credential"])
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


def default_base_url(kind: str) -> str:
    """The usual address of a provider that speaks this protocol."""
    return adapter_for(kind).default_base_url


def check_endpoint(endpoint: Endpoint) -> None:
    """ValidationError naming `base_url` or `credential` for what the gateway could not call."""
    if endpoint.kind == Provider.Kind.LOCAL:
        return
    try:
        check_url(endpoint.base_url, allow_private=endpoint.allow_private)
    except (InvalidUrl, ForbiddenAddress) as error:
        raise ValidationError({"base_url": str(error)}) from error
    credential = endpoint.credential
    if len(credential) > MAX_CREDENTIAL or not (credential.isascii() and (credential + "x").isprintable()):
        raise ValidationError({"credential": "A key is one line of ordinary characters."})


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
    return {"kind": provider.kind, "base_url": provider.base_url, "allow_private": provider.allow_private}
