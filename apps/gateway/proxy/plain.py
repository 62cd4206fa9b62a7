"""Answers that come in one piece."""

from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.payloads import is_json_object
from apps.gateway.proxy.provider_errors import answered_error, not_understood, told, unreachable
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.upstream_call import call_upstream, chat_call
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
    exchange.outcome.body = _read(exchange, plan, response, body)
    context.record(exchange)
    await send_json(send, 200, exchange.outcome.body, exchange.headers())


def _read(exchange: Exchange, plan: Plan, response: Response, body: bytes) -> bytes:
    """The completion in OpenAI's shape, noted."""
    upstream = plan.upstream
    if response.status != 200:
        raise answered_error(upstream, response.status, body, response.header(b"retry-after"))
    try:
        body = upstream.adapter.plain(body, chat_call(plan))
    except ProviderError as error:
        raise told(upstream.provider, error) from error
    answer = exchange.outcome.answer = observe_body(body)
    if answer.error is not None:
        raise told(upstream.provider, answer.error)
    if answer.unreadable and not is_json_object(body):
        raise not_understood(upstream.provider, "an answer that is not a chat completion")
    return body
