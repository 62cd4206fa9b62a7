"""A provider as the gateway calls it: everything that can be prepared ahead of a request is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from apps.serving.models import Provider
from apps.serving.providers import (
    Access,
    InvalidOption,
    ProviderAdapter,
    UnknownProviderKind,
    adapter_for,
    check_options,
)
from apps.serving.services.credentials import CredentialUnreadable, decrypt_credential
from apps.serving.transport import Target, Timeouts
from llmkit.net import ForbiddenAddress, InvalidUrl, check_url


class UpstreamUnusable(Exception):
    """A provider that can't be called as it stands; the message says why in half a sentence."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """`path` is that of the base URL; own_engine: the provider is part of this installation.

    `access` holds, ready-made, what the adapter is told with every call.
    """

    provider: str
    adapter: ProviderAdapter
    target: Target
    path: str
    credential: str = field(repr=False)
    timeouts: Timeouts
    own_engine: bool
    options: Mapping[str, str] = field(default_factory=dict)
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        access = Access(self.credential, self.target.authority, self.path, self.options)
        object.__setattr__(self, "access", access)

    @property
    def address(self) -> str:
        return self.target.authority


def upstream_of(provider: Provider) -> Upstream:
    """UpstreamUnusable when its address or credential is no good (any more)."""
    own = provider.kind == Provider.Kind.LOCAL
    url = _engine_url() if own else provider.base_url
    allow_private = own or provider.allow_private
    try:
        adapter = adapter_for(provider.kind)
        parsed = check_url(url, allow_private=allow_private)
        credential = settings.ENGINE_TOKEN if own else decrypt_credential(provider.credential)
        adapter.check_credential(credential)
        options = check_options(adapter.options, provider.options)
    except (InvalidUrl, ForbiddenAddress, CredentialUnreadable, UnknownProviderKind, InvalidOption) as error:
        raise UpstreamUnusable(str(error)) from error
    except ValueError as error:
        raise UpstreamUnusable(f"its credential is not of the right form. {error}") from error
    return Upstream(
        provider=provider.name,
        adapter=adapter,
        target=Target.of(parsed, allow_private=allow_private),
        path=adapter.base_path(parsed.path),
        credential=credential,
        timeouts=_timeouts(provider),
        own_engine=own,
        options=options,
    )


def _engine_url() -> str:
    if not settings.ENGINE_URL:
        raise UpstreamUnusable("this installation runs no local engine.")
    return settings.ENGINE_URL


def _timeouts(provider: Provider) -> Timeouts:
    return Timeouts(
        connect=provider.connect_timeout_ms / 1000,
        first_byte=provider.first_byte_timeout_ms / 1000,
        idle=provider.idle_timeout_ms / 1000,
        total=provider.total_timeout_ms / 1000,
    )
