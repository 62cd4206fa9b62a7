"""Answers that come in one piece."""

from collections.abc import Callable

from apps.gateway.proxy import previous
from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.loop import Loop
from apps.gateway.proxy.attempts.opened import Whole
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

    async def ask(attempt: Attempt) -> Whole:
        return await _ask(context, exchange, plan, attempt)

    loop = Loop(context.targets, exchange, plan, ask)
    try:
        whole = await loop.run()
    finally:
        loop.leave()
    exchange.ended(UPSTREAM)
    answer = _in_dialect(plan, whole)
    if plan.operation != EMBEDDINGS:  # vectors tell a reader of traces nothing
        exchange.outcome.body = whole.body
    context.record(exchange)
    if plan.door.needs_memory and not whole.attempt.native:
        await previous.keep(context, exchange, answer)
    await send_json(send, 200, answer, exchange.headers())


async def _ask(context: Context, exchange: Exchange, plan: Plan, attempt: Attempt) -> Whole:
    provider = attempt.upstream.provider
    try:
        async with await call_upstream(context, exchange, plan, attempt, whole=True) as response:
            body = await response.read(ANSWER_LIMIT)
    except TransportError as error:
        raise unreachable(provider, error) from error
    return Whole(attempt, _read(plan, attempt, response, body))


def _read(plan: Plan, attempt: Attempt, response: Response, body: bytes) -> bytes:
    """The answer in chat's words, or in the caller's own where the provider speaks them, noted."""
    upstream = attempt.upstream
    if response.status != 200:
        raise answered_error(upstream, response, body)
    try:
        body = body if attempt.native else whole_answer(plan, attempt, body)
    except ProviderError as error:
        raise told(upstream.provider, error) from error
    answer = attempt.answer = _observer(plan, attempt)(body)
    if answer.error is not None:
        raise told(upstream.provider, answer.error)
    if answer.unreadable and not is_json_object(body):
        raise _unreadable(plan, attempt)
    attempt.received = body
    return body


def _observer(plan: Plan, attempt: Attempt) -> Callable[[bytes], Observed]:
    return BODY_OBSERVERS.get(plan.door.native, observe_body) if attempt.native else observe_body


def _in_dialect(plan: Plan, whole: Whole) -> bytes:
    """What the caller gets of a chat completion; Refusal 502 if it is none."""
    if plan.door.is_hub or whole.attempt.native:
        return whole.body
    try:
        return plan.door.dialect.answer(plan.request.members, whole.body)
    except UnreadableAnswer as error:
        raise _unreadable(plan, whole.attempt) from error


def _unreadable(plan: Plan, attempt: Attempt) -> Exception:
    return not_understood(attempt.upstream.provider, f"an answer to {plan.operation} that cannot be read")
