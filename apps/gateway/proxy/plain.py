"""Answers that come in one piece."""

from collections.abc import Callable

from apps.gateway.proxy import previous
from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.doors import EMBEDDINGS
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.payloads import is_json_object
from apps.gateway.proxy.provider_errors import answered_error, not_understood, told, unreachable
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.upstream_call import call_upstream, whole_answer
from apps.serving.services import (
    BODY_OBSERVERS,
    Observed,
    ProviderError,
    Response,
    TransportError,
    UnreadableAnswer,
    observe_body,
)

ANSWER_LIMIT = 32 * 1024 * 1024


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    """The provider's answer in the caller's dialect; Refusal for everything that is no answer."""
    try:
        async with await call_upstream(context, exchange, plan, whole=True) as response:
            body = await response.read(ANSWER_LIMIT)
    except TransportError as error:
        raise unreachable(plan.upstream.provider, error) from error
    exchange.ended(UPSTREAM)
    body = _read(exchange, plan, response, body)
    if plan.operation != EMBEDDINGS:  # vectors tell a reader of traces nothing
        exchange.outcome.body = body
    answer = body if plan.native else _in_dialect(exchange, plan, body)
    context.record(exchange)
    if exchange.door.needs_memory and not plan.native:
        await previous.keep(context, exchange, answer)
    await send_json(send, 200, answer, exchange.headers())


def _read(exchange: Exchange, plan: Plan, response: Response, body: bytes) -> bytes:
    """The answer in chat's words, or in the caller's own where the provider speaks them, noted."""
    upstream = plan.upstream
    if response.status != 200:
        raise answered_error(upstream, response.status, body, response.header(b"retry-after"))
    try:
        body = body if plan.native else whole_answer(plan, body)
    except ProviderError as error:
        raise told(upstream.provider, error) from error
    answer = exchange.outcome.answer = _observer(exchange, plan)(body)
    if answer.error is not None:
        raise told(upstream.provider, answer.error)
    if answer.unreadable and not is_json_object(body):
        raise not_understood(upstream.provider, f"an answer to {plan.operation} that cannot be read")
    return body


def _observer(exchange: Exchange, plan: Plan) -> Callable[[bytes], Observed]:
    if plan.native:
        return BODY_OBSERVERS.get(exchange.door.native, observe_body)
    return observe_body


def _in_dialect(exchange: Exchange, plan: Plan, body: bytes) -> bytes:
    """What the caller gets of a chat completion; Refusal 502 if it is none."""
    door, request = exchange.door, exchange.request
    if door.is_hub or request is None:
        return body
    try:
        return door.dialect.answer(request.members, body)
    except UnreadableAnswer as error:
        raise not_understood(plan.upstream.provider, f"an answer to {plan.operation} that cannot be read") from error
