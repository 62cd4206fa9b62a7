"""What the ledger is told: before each attempt the most that it can cost, after it what it did."""

from collections.abc import Iterator
from typing import Any

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.caller import MAX_LABEL
from apps.gateway.proxy.doors import COUNT
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.worst_case import highest_cost
from apps.gateway.snapshot import ModelEntry
from llmkit.ledger import LedgerRecord, encode_ledger, tags_of


def reserve(exchange: Exchange, attempt: Attempt) -> bytes:
    """The line that goes out before the request does; b"" where nothing is charged."""
    if exchange.operation == COUNT:
        return b""
    attempt.reserved = True
    return encode_ledger(_of_attempt(exchange, attempt, "reserve", amount_nano=highest_cost(exchange, attempt.model)))


def settle(exchange: Exchange) -> bytes:
    """The lines of all attempts, or of an answer without one.

    An attempt of which nobody knows what the provider charges stays reserved.
    """
    return encode_ledger(*_settled(exchange), *_saved(exchange))


def _settled(exchange: Exchange) -> Iterator[LedgerRecord]:
    for attempt in exchange.attempts:
        if not attempt.reserved:
            continue
        if attempt.usage is not None:
            yield _of_attempt(exchange, attempt, "settle", amount_nano=attempt.cost or 0, usage=attempt.usage)
        elif not attempt.charge_unknown:
            yield _of_attempt(exchange, attempt, "release")


def _saved(exchange: Exchange) -> Iterator[LedgerRecord]:
    visit, plan = exchange.visit, exchange.plan
    if visit is None or visit.hit is None or plan is None:
        return
    kept = visit.hit.answer
    model = next((model for model in plan.targets if model.name == kept.model), plan.targets[0])
    yield _entry(
        exchange, model, "cache_hit", exchange.started_ns, span_id=exchange.span_id, saved_nano=kept.cost_nano or 0
    )


def _of_attempt(exchange: Exchange, attempt: Attempt, kind: str, **more: Any) -> LedgerRecord:
    return _entry(
        exchange,
        attempt.model,
        kind,
        attempt.started_ns,
        span_id=attempt.span_id,
        response_id=(attempt.answer.response_id or "")[:MAX_LABEL],
        estimated=attempt.usage_estimated,
        **more,
    )


def _entry(exchange: Exchange, model: ModelEntry, kind: str, started_ns: int, **more: Any) -> LedgerRecord:
    caller, plan = exchange.caller, exchange.plan
    route = plan.route if plan else None
    price = model.price_at(exchange.started_ns + exchange.wall_offset)
    return LedgerRecord(
        kind=kind,  # type: ignore[arg-type]  # one of four literals
        project_id=exchange.project_id,
        trace_id=exchange.trace_id,
        occurred_ns=started_ns + exchange.wall_offset,
        key_id=exchange.key.id if exchange.key else "",
        user=exchange.user,
        session=exchange.session,
        route=route.name if route else "",
        route_version=route.version if route else None,
        model=model.name,
        provider=model.provider,
        environment=caller.label(b"x-flywheel-environment"),
        tags=tags_of(exchange.request.asked.metadata if exchange.request else None),
        operation=exchange.operation,
        price_version=price.id if price else "",
        **more,
    )
