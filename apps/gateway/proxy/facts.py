"""What a route's policy may ask about a request."""

from typing import Any

import msgspec

from apps.gateway.domain.choosing import Facts
from apps.gateway.proxy.estimate import tokens_asked
from apps.gateway.proxy.exchange import Exchange

PREFIX_BYTES = 4096  # about as much as a provider caches at least


def facts_of(exchange: Exchange) -> Facts:
    request, key = exchange.request, exchange.key
    metadata: dict[str, Any] = (request.asked.metadata if request else None) or {}
    return Facts(
        user=exchange.user,
        session=exchange.session,
        key=key.id if key else "",
        environment=exchange.caller.label(b"x-flywheel-environment"),
        dialect=exchange.door.dialect.name,
        streaming=bool(request and request.asked.stream),
        metadata=metadata,
        tokens=lambda: tokens_asked(exchange),
        prefix=lambda: _prefix(exchange),
    )


def _prefix(exchange: Exchange) -> bytes:
    """The beginning of what the model reads: tools, then the messages."""
    members = exchange.plan.members if exchange.plan else {}
    messages = bytes(members.get("messages", b""))
    try:
        first = msgspec.json.decode(messages, type=list[msgspec.Raw])[:2]
    except msgspec.DecodeError:
        first = []
    return (bytes(members.get("tools", b"")) + b"".join(map(bytes, first)))[:PREFIX_BYTES]
