"""What the ledger is told: before each attempt the most that it can cost, after it what it did."""

from collections.abc import Iterator

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.caller import MAX_LABEL
from apps.gateway.proxy.doors import COUNT
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.worst_case import highest_cost
from llmkit.ledger import LedgerRecord, encode_ledger, tags_of
from llmkit.usage import Usage


def reserve(exchange: Exchange, attempt: Attempt) -> bytes:
    """The line that goes out before the request does; b"" where nothing is charged."""
    if exchange.operation == COUNT:
        return b""
    attempt.reserved = True
    return encode_ledger(_entry(exchange, attempt, "reserve", amount=highest_cost(exchange, attempt.model)))


def settle(exchange: Exchange) -> bytes:
    """The lines of all attempts. One of which nobody knows what the provider charges stays reserved."""
    return encode_ledger(*_settled(exchange))


def _settled(exchange: Exchange) -> Iterator[LedgerRecord]:
    for attempt in exchange.attempts:
        if not attempt.reserved:
            continue
        if attempt.usage is not None:
            yield _entry(exchange, attempt, "settle", amount=attempt.cost or 0, usage=attempt.usage)
        elif not attempt.charge_unknown:
            yield _entry(exchange, attempt, "release")


def _entry(
    exchange: Exchange, attempt: Attempt, kind: str, *, amount: int = 0, usage: Usage | None = None
) -> LedgerRecord:
    caller, plan, model = exchange.caller, exchange.plan, attempt.model
    route = plan.route if plan else None
    price = model.price_at(exchange.started_ns + exchange.wall_offset)
    return LedgerRecord(
        kind=kind,  # type: ignore[arg-type]  # one of three literals
        project_id=exchange.project_id,
        trace_id=exchange.trace_id,
        span_id=attempt.span_id,
        occurred_ns=attempt.started_ns + exchange.wall_offset,
        amount_nano=amount,
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
        response_id=(attempt.answer.response_id or "")[:MAX_LABEL],
        usage=usage,
        estimated=attempt.usage_estimated,
        price_version=price.id if price else "",
    )
