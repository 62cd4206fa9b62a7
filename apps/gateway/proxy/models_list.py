"""What a key may call, as OpenAI's clients list it."""

from typing import Any

import msgspec

from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Scope, Send
from apps.gateway.proxy.auth import authenticate
from apps.gateway.proxy.caller import Caller
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.resolve import unknown_model
from apps.gateway.snapshot import KeyEntry

PREFIX = "/v1/models/"


async def answer(context: Context, scope: Scope, send: Send) -> None:
    """`GET /v1/models` and `GET /v1/models/{name}`; names may hold slashes."""
    caller = Caller.of(scope["headers"])
    key = authenticate(caller.authorization, context.snapshot().keys, context.clock())
    if scope["path"].startswith(PREFIX):
        found: dict[str, Any] = _one(key, scope["path"].removeprefix(PREFIX))
    else:
        found = {"object": "list", "data": [_described(key, name) for name in key.callable_names()]}
    await send_json(send, 200, msgspec.json.encode(found))


def _one(key: KeyEntry, name: str) -> dict[str, Any]:
    if name not in key.callable_names():
        raise unknown_model(key, name)
    return _described(key, name)


def _described(key: KeyEntry, name: str) -> dict[str, Any]:
    route = key.project.routes.get(name)
    model = key.project.models[name] if route is None else route.model
    shown: dict[str, Any] = {"kind": "model" if route is None else "route", "context_tokens": model.context_tokens}
    if route is not None:
        shown |= {"route_version": route.version, "model": model.name}
    owner = model.provider if route is None else key.project.slug
    created = model.created if route is None else route.created
    return {"id": name, "object": "model", "created": created, "owned_by": owner, "flywheel": shown}
