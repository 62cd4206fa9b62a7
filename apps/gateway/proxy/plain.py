"""Answers that come in one piece."""

from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.asked import CHAT
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.payloads import is_json_object
from apps.gateway.proxy.provider_errors import answered_error, not_understood, told, unreachable
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.upstream_call import call_upstream, whole_answer
from apps.serving.services import ProviderError, Response, TransportError, observe_body

ANSWER_LIMIT = 32 * 1024 * 1024


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    """The provider's answer as it came; Refusal for everything that is no answer."""
    try:
        async with await call_upstream(context, exchange, plan, whole=True) as response:
            body = await response.read(ANSWER_LIMIT)
    except TransportError as error:
        raise unreachable(plan.upstream.provider, error) from error
    exchange.ended(UPSTREAM)
    body = _read(exchange, plan, response, body)
    if plan.operation == CHAT:  # vectors tell a reader of traces nothing
        exchange.outcome.body = body
    context.record(exchange)
    await send_json(send, 200, body, exchange.headers())


def _read(exchange: Exchange, plan: Plan, response: Response, body: bytes) -> bytes:
    """The answer in OpenAI's shape, noted."""
    upstream = plan.upstream
    if response.status != 200:
        raise answered_error(upstream, response.status, body, response.header(b"retry-after"))
    try:
        body = whole_answer(plan, body)
    except ProviderError as error:
        raise told(upstream.provider, error) from error
    answer = exchange.outcome.answer = observe_body(body)
    if answer.error is not None:
        raise told(upstream.provider, answer.error)
    if answer.unreadable and not is_json_object(body):
        raise not_understood(upstream.provider, f"an answer to {plan.operation} that cannot be read")
    return body
