"""Parts of the gateway's hot path for unit tests, without a database."""

import json
from typing import Any

from apps.gateway.proxy.asked import parse, translate
from apps.gateway.proxy.caller import Caller
from apps.gateway.proxy.doors import CHAT_DOOR, Door
from apps.gateway.proxy.exchange import AUTHORIZE, RECEIVE, ROUTE, UPSTREAM, Exchange
from apps.gateway.proxy.resolve import attempt_at, resolve
from apps.gateway.snapshot import KeyEntry, ModelEntry, PriceEntry, ProjectEntry, RouteEntry
from apps.gateway.snapshot.entries import NEVER_NS
from apps.serving.providers import adapter_for
from apps.serving.services import Upstream
from apps.serving.transport import Target, Timeouts
from llmkit.ids import uuid7
from llmkit.pricing import Rates

PRICE = PriceEntry(str(uuid7()), 0, Rates(input=150_000_000, cached_input=75_000_000, output=600_000_000))
HELLO = [{"role": "user", "content": "Ahoy!"}]


def make_upstream(kind: str = "openai_compatible") -> Upstream:
    target = Target("https", "acme.example", 443)
    return Upstream("acme", adapter_for(kind), target, "/v1", "sk-acme", Timeouts(), own_engine=False)


def make_model(name: str = "helper", **fields: Any) -> ModelEntry:
    known = {
        "name": name,
        "upstream_name": "acme-large",
        "id": str(uuid7()),
        "provider": "acme",
        "upstream": make_upstream(),
        "unusable": "",
        "prices": (PRICE,),
        "context_tokens": 8192,
        "max_output_tokens": None,
        "created": 0,
    }
    return ModelEntry(**(known | fields))


def make_key(*models: ModelEntry, routes: tuple[RouteEntry, ...] = (), **fields: Any) -> KeyEntry:
    project = ProjectEntry(
        id=str(uuid7()),
        slug="harbor",
        routes={route.name: route for route in routes},
        models={model.name: model for model in models or (make_model(),)},
    )
    known = {
        "id": str(uuid7()),
        "project": project,
        "may_call": True,
        "models_allowed": None,
        "usable_until_ns": NEVER_NS,
        "revoked": False,
    }
    return KeyEntry(**(known | fields))


def make_exchange(
    key: KeyEntry | None = None, *, door: Door = CHAT_DOOR, headers: Any = (), **members: Any
) -> Exchange:
    """A request on its way: authorised, received, routed and handed to the provider, of whom nothing is known yet."""
    exchange = Exchange(door, Caller.of(headers), wall_offset=0)
    exchange.key = key or make_key()
    exchange.ended(AUTHORIZE)
    exchange.request = parse(json.dumps({"model": "helper", "messages": HELLO} | members).encode(), door)
    if door.is_translated:
        translate(exchange.request, door.dialect.to_chat)
    exchange.ended(RECEIVE)
    plan = exchange.plan = resolve(exchange.key, exchange.request, door)
    exchange.ended(ROUTE)
    attempt = attempt_at(plan, plan.targets[0], exchange.next_span_id)
    attempt.outgoing = json.dumps({"model": "acme-large", "messages": HELLO} | members).encode()
    attempt.started_ns = exchange.phases[-1][1]
    exchange.attempts.append(attempt)
    exchange.winner = attempt
    return exchange


def answered(exchange: Exchange) -> Exchange:
    for attempt in exchange.attempts:
        attempt.answered = True
        attempt.end()
    exchange.ended(UPSTREAM)
    return exchange
