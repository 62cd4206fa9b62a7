"""Chat calls as the gateway makes them, for the tests of the adapters."""

from typing import Any

import msgspec

from apps.serving.providers import ChatCall, read_members


def call(body: bytes | dict[str, Any], **options: Any) -> ChatCall:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    known: dict[str, Any] = {"model": "m", "upstream_model": "m", **options}
    return ChatCall(members=read_members(raw), body=raw, **known)


def chat(*messages: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages) or [{"role": "user", "content": "hi"}], **members}
