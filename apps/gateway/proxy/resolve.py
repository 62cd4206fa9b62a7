"""From the name in `model` to the models that may answer, and to what goes to each of them."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from apps.gateway.domain.policy import Policy
from apps.gateway.domain.retrying import Failure
from apps.gateway.proxy.asked import ChatBody, Request
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import Door
from apps.gateway.proxy.json_body import Members
from apps.gateway.proxy.provider_errors import ProviderFailure, unsupported
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import KeyEntry, ModelEntry, RouteEntry
from apps.serving.services import Upstream

NAMES_SHOWN = 20
SYSTEM_ROLES = frozenset(("system", "developer"))


@dataclass(slots=True)
class Plan:
    """Which models may answer a request, by which policy, and what each of them is asked.

    members: of the chat request, whatever the caller speaks, with what the route added and the provider's name of
    the model still missing. changed: they are not the caller's own any more. pace: whose budgets of retries apply.
    """

    request: Request
    door: Door
    route: RouteEntry | None
    policy: Policy
    targets: tuple[ModelEntry, ...]
    members: Members
    changed: bool
    route_added: bool
    streams: bool
    pace: str

    @property
    def operation(self) -> str:
        return self.door.operation

    def speaks_natively(self, upstream: Upstream) -> bool:
        """Whether this provider speaks the caller's dialect, and nothing has to be added to what was said in it."""
        door, route = self.door, self.route
        if door.is_hub or self.request.history or (route is not None and (route.defaults or route.system_turn)):
            return False
        return upstream.adapter.speaks(door.native, upstream.access)


def resolve(key: KeyEntry, request: Request, door: Door) -> Plan:
    """Refusal 404 for a name the project lacks, 403 for one the key may not use, 503 for a provider out of order."""
    name = request.asked.model
    route = key.project.routes.get(name)
    model = key.project.models.get(name) if route is None else route.model
    if model is None:
        raise unknown_model(key, name)
    if not key.allows(name):
        raise _not_allowed(key, name)
    targets = route.targets if route is not None else (model,)
    members, added = request.chat, False
    if route is not None:
        members, added = _with_route(route, request)
    streams = bool(request.asked.stream)
    injects = streams and not request.wants_usage
    if injects:
        members = {**members, "stream_options": with_usage(members)}
    return Plan(
        request=request,
        door=door,
        route=route,
        policy=route.policy if route is not None else model.policy,
        targets=targets,
        members=members,
        changed=added or injects or not door.is_hub,
        route_added=added,
        streams=streams,
        pace=route.id if route is not None else model.id,
    )


def attempt_at(plan: Plan, model: ModelEntry, new_span_id: Callable[[], str]) -> Attempt:
    """What this model is asked; ProviderFailure where it can't be."""
    upstream = model.upstream
    if upstream is None:
        raise _unusable(model)
    native, request = plan.speaks_natively(upstream), plan.request
    if request.untranslatable is not None and not native:
        refusal = request.untranslatable
        if len(plan.targets) == 1:
            raise refusal
        raise unsupported(refusal.message, refusal.param)
    members = {**plan.members, "model": Raw(msgspec.json.encode(model.upstream_name))}
    same = not plan.changed and model.upstream_name == request.asked.model
    body = request.raw if same else None
    return Attempt(model, upstream, members, body, native=native, span_id=new_span_id())


def _with_route(route: RouteEntry, request: Request) -> tuple[Members, bool]:
    """The members with what the caller of a chat left open filled in; whether that was anything."""
    if not isinstance(request.asked, ChatBody):
        return request.chat, False
    missing = {name: value for name, value in route.defaults.items() if name not in request.chat}
    prompted = bool(route.system_turn) and not any(turn.role in SYSTEM_ROLES for turn in request.asked.messages)
    if not missing and not prompted:
        return request.chat, False
    members = request.chat | missing
    if prompted:
        members["messages"] = Raw(b"[" + route.system_turn + b"," + bytes(members["messages"])[1:])
    return members, True


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


def _unusable(model: ModelEntry) -> ProviderFailure:
    message = f"The provider '{model.provider}' cannot be called: {model.unusable}"
    return ProviderFailure(503, message, code="provider_unusable", failure=Failure("credential"))


def _offer(key: KeyEntry) -> str:
    names = key.callable_names()
    if not names:
        return "This key may not use any yet."
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"This key may use: {', '.join(names[:NAMES_SHOWN])}{more}."
