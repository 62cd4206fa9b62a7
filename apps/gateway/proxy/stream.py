"""Answers that come event by event."""

import asyncio

from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.provider_errors import (
    ERROR_BODY_LIMIT,
    answered_error,
    not_understood,
    told,
    unreachable,
)
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.relayed import NotUnderstood, RelayedStream
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.upstream_call import call_upstream, chat_call
from apps.serving.services import Response, TransportError, observe_body

EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
DONE = b"data: [DONE]\n\n"
# Between a stream's [DONE] and the end of its body, after which the connection can be used again.
TAIL_SECONDS = 1.0


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    """Refusal for whatever goes wrong before the first event; later troubles end the stream with an error event."""
    try:
        async with await call_upstream(context, exchange, plan) as response:
            stream = RelayedStream(exchange, plan.upstream.adapter.stream(chat_call(plan)))
            last = await _pass_on(exchange, plan, response, stream, send)
            await _finish(context, exchange, send, last)
            await _drain(response, stream)
    except TransportError as error:
        raise unreachable(plan.upstream.provider, error) from error


async def _pass_on(exchange: Exchange, plan: Plan, response: Response, stream: RelayedStream, send: Send) -> bytes:
    """All events but the last, which is given back: [DONE], or an error."""
    provider = plan.upstream.provider
    out = await _first_events(plan, response, stream)
    exchange.answering = True
    await send({"type": "http.response.start", "status": 200, "headers": [*EVENT_STREAM, *exchange.headers()]})
    try:
        while True:
            if out:
                await send({"type": "http.response.body", "body": out, "more_body": True})
            if stream.over:
                break
            chunk = await response.next_chunk()
            out = stream.feed(chunk) if chunk else stream.end()
            if not chunk and not stream.over:
                raise not_understood(provider, "only a part of its answer and closed the stream")
        if stream.error is not None:
            raise told(provider, stream.error)
    except TransportError as error:
        return _broken_off(exchange, unreachable(provider, error))
    except NotUnderstood:
        return _broken_off(exchange, not_understood(provider, "an event that is not a chat completion chunk"))
    except Refusal as refusal:
        return _broken_off(exchange, refusal)
    return DONE


async def _first_events(plan: Plan, response: Response, stream: RelayedStream) -> bytes:
    """Held back until they are known to be an answer, so that an error still gets its status."""
    upstream = plan.upstream
    if response.status != 200:
        body = await response.read(ERROR_BODY_LIMIT)
        raise answered_error(upstream, response.status, body, response.header(b"retry-after"))
    if (response.header(b"content-type") or b"").startswith(b"application/json"):
        raise await _not_a_stream(plan, response)
    out = b""
    try:
        while not out and not stream.over:
            chunk = await response.next_chunk()
            out = stream.feed(chunk) if chunk else stream.end()
            if not chunk:
                break
    except NotUnderstood as error:
        raise not_understood(upstream.provider, "an event that is not a chat completion chunk") from error
    if stream.error is not None and not out:
        raise told(upstream.provider, stream.error)
    if not out and not stream.done:
        raise not_understood(upstream.provider, "an empty stream")
    return out


async def _not_a_stream(plan: Plan, response: Response) -> Refusal:
    """Some providers answer in one piece when something is wrong, with status 200 all the same."""
    body = await response.read(ERROR_BODY_LIMIT)
    error = observe_body(body).error
    if error is not None:
        return told(plan.upstream.provider, error)
    return not_understood(plan.upstream.provider, "its answer in one piece instead of a stream")


def _broken_off(exchange: Exchange, refusal: Refusal) -> bytes:
    """Note what ended the stream early; the caller reads it as the last event."""
    outcome = exchange.outcome
    outcome.error_type, outcome.error_message = refusal.code, refusal.message
    return b"data: %b\n\n" % refusal.body()


async def _finish(context: Context, exchange: Exchange, send: Send, last: bytes) -> None:
    """The record first, then the end of the answer."""
    exchange.ended(UPSTREAM)
    try:
        context.record(exchange)
    except Refusal as refusal:
        last = _broken_off(exchange, refusal)
    await send({"type": "http.response.body", "body": last})


async def _drain(response: Response, stream: RelayedStream) -> None:
    """Read the end of the body, so that the connection can carry the next request."""
    if stream.done and not response.complete:
        try:
            async with asyncio.timeout(TAIL_SECONDS):
                while await response.next_chunk():
                    continue
        except (TransportError, TimeoutError):
            return
