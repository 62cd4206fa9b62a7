"""From the name in `model` to the model that answers, and to the body that goes there."""

from dataclasses import dataclass

import msgspec
from msgspec import Raw

from apps.gateway.proxy.body import ChatRequest, Members
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import KeyEntry, ModelEntry, RouteEntry
from apps.serving.services import Upstream

NAMES_SHOWN = 20
SYSTEM_ROLES = frozenset(("system", "developer"))


@dataclass(slots=True)
class Plan:
    """Which model answers a request, reached how, and by which route if one was named."""

    model: ModelEntry
    upstream: Upstream
    route: RouteEntry | None


def resolve(key: KeyEntry, name: str) -> Plan:
    """Refusal 404 for a name the project lacks, 403 for one the key may not use, 503 for a provider out of order."""
    project = key.project
    route = project.routes.get(name)
    model = project.models.get(name) if route is None else route.model
    if model is None:
        raise _unknown(key, name)
    if key.models_allowed is not None and name not in key.models_allowed:
        raise Refusal(
            403, f"This API key may not use '{name}'. {_offer(key)}", code="model_not_allowed", param="model"
        )
    if model.upstream is None:
        raise Refusal(
            503, f"The provider '{model.provider}' cannot be called: {model.unusable}", code="provider_unusable"
        )
    return Plan(model, model.upstream, route)


def outgoing_members(request: ChatRequest, plan: Plan) -> Members:
    """The request's members as they go upstream: its own, those of the route that it left open, the real model name."""
    members = dict(request.members)
    route = plan.route
    if route is not None:
        for name, value in route.defaults.items():
            members.setdefault(name, value)
        if route.system_turn and not any(turn.role in SYSTEM_ROLES for turn in request.chat.messages):
            members["messages"] = Raw(b"[" + route.system_turn + b"," + bytes(members["messages"])[1:])
    members["model"] = Raw(msgspec.json.encode(plan.model.upstream_name))
    return members


def ask_for_usage(members: Members) -> None:
    """Have the upstream end its stream with the usage, whatever the caller wanted."""
    given = members.get("stream_options")
    options = msgspec.json.decode(given, type=Members | None) if given is not None else None
    members["stream_options"] = Raw(msgspec.json.encode({**(options or {}), "include_usage": True}))


def _unknown(key: KeyEntry, name: str) -> Refusal:
    return Refusal(
        404, f"There is no route or model '{name}'. {_offer(key)}", code="model_not_found", param="model"
    )


def _offer(key: KeyEntry) -> str:
    names = key.callable_names()
    if not names:
        return "This key may not use any yet."
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"This key may use: {', '.join(names[:NAMES_SHOWN])}{more}."
