"""The gateway under trial, and what the lab was told about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from apps.gateway.lab.client import Address


@dataclass(frozen=True)
class Operator:
    """What only somebody who runs the gateway can do, where the lab has such a helper.

    narrow_key: a new key that may call no model of the lab; revoke: end that key; takes_provider_at: whether the
    gateway would accept a provider at this address.
    """

    narrow_key: Callable[[], Awaitable[str]]
    revoke: Callable[[str], Awaitable[None]]
    takes_provider_at: Callable[[str], Awaitable[bool]]


@dataclass(frozen=True)
class Target:
    """model: served by the lab's provider in OpenAI's dialects. "" where there is no such thing.

    anthropic_model: the same provider in Anthropic's. fallback_model: first the provider's path /a, then /b.
    hasty_model: with timeouts of a few seconds. cached_model: with the exact cache on.
    limited_key: may ask twice a minute. spent_key: its budget is used up. stop_pid: a process that may be stopped.
    headers: what every request carries besides.
    """

    address: Address
    key: str
    model: str = "lab"
    anthropic_model: str = ""
    fallback_model: str = ""
    hasty_model: str = ""
    cached_model: str = ""
    limited_key: str = ""
    spent_key: str = ""
    stop_pid: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    operator: Operator | None = None
