"""From the name in `model` to the model that answers, and to the body that goes there."""

from dataclasses import dataclass

import msgspec
from msgspec import Raw

from apps.gateway.proxy.asked import ChatBody, Request
from apps.gateway.proxy.doors import Door
from apps.gateway.proxy.json_body import Members
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import KeyEntry, ModelEntry, RouteEntry
from apps.serving.services import Upstream

NAMES_SHOWN = 20
SYSTEM_ROLES = frozenset(("system", "developer"))


@dataclass(slots=True)
class Plan:
    """Which model answers a request, reached how, by which route if one was named, and what goes there.

    members: of the chat request, whatever the caller speaks. native: the provider gets the caller's own words instead.
    """

    model: ModelEntry
    upstream: Upstream
    route: RouteEntry | None
    operation: str
    members: Members
    body: bytes | None  # the caller's own, where nothing of it had to change
    route_added: bool  # the route put something into the members
    streams: bool
    native: bool = False


def resolve(key: KeyEntry, request: Request, door: Door) -> Plan:
    """Refusal 404 for a name the project lacks, 403 for one the key may not use, 503 for a provider out of order."""
    name = request.asked.model
    route = key.project.routes.get(name)
    model = key.project.models.get(name) if route is None else route.model
    if model is None:
        raise unknown_model(key, name)
    if not key.allows(name):
        raise _not_allowed(key, name)
    if model.upstream is None:
        raise _unusable(model)
    native = _is_native(door, request, route, model.upstream)
    if request.untranslatable is not None and not native:
        raise request.untranslatable
    members = dict(request.chat)
    added = route is not None and _add_from_route(route, request, members)
    members["model"] = Raw(msgspec.json.encode(model.upstream_name))
    streams = bool(request.asked.stream)
    injects = streams and not request.wants_usage
    if injects:
        members["stream_options"] = with_usage(members)
    same = door.is_hub and not added and not injects and model.upstream_name == name
    body = request.raw if same else None
    return Plan(model, model.upstream, route, door.operation, members, body, added, streams, native)


def _is_native(door: Door, request: Request, route: RouteEntry | None, upstream: Upstream) -> bool:
    """Whether the provider speaks the caller's dialect, and nothing has to be added to what the caller said in it."""
    if door.is_hub or request.history or (route is not None and (route.defaults or route.system_turn)):
        return False
    return upstream.adapter.speaks(door.native, upstream.access)


def _add_from_route(route: RouteEntry, request: Request, members: Members) -> bool:
    """Fill in what the caller of a chat left open; False if that was nothing."""
    if not isinstance(request.asked, ChatBody):
        return False
    missing = {name: value for name, value in route.defaults.items() if name not in members}
    members.update(missing)
    prompted = bool(route.system_turn) and not any(turn.role in SYSTEM_ROLES for turn in request.asked.messages)
    if prompted:
        members["messages"] = Raw(b"[" + route.system_turn + b"," + bytes(members["messages"])[1:])
    return prompted or bool(missing)


def with_usage(members: Members) -> Raw:
    """The options by which the provider ends its stream with the usage, whether or not the caller wants it."""
    given = members.get("stream_options")
    options = msgspec.json.decode(given, type=Members | None) if given is not None else None
    return Raw(msgspec.json.encode({**(options or {}), "include_usage": True}))


def unknown_model(key: KeyEntry, name: str) -> Refusal:
    return Refusal(404, f"There is no route or model '{name}'. {_offer(key)}", code="model_not_found", param="model")


def _not_allowed(key: KeyEntry, name: str) -> Refusal:
    message = f"This API key may not use '{name}'. {_offer(key)}"
    return Refusal(403, message, code="model_not_allowed", param="model")


def _unusable(model: ModelEntry) -> Refusal:
    message = f"The provider '{model.provider}' cannot be called: {model.unusable}"
    return Refusal(503, message, code="provider_unusable")


def _offer(key: KeyEntry) -> str:
    names = key.callable_names()
    if not names:
        return "This key may not use any yet."
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"This key may use: {', '.join(names[:NAMES_SHOWN])}{more}."
