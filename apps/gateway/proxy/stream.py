"""Answers that come event by event."""

import asyncio

from apps.gateway.proxy import previous
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.native import NativeStream
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
# Between a stream's [DONE] and the end of its body, after which the connection can be used again.
TAIL_SECONDS = 1.0
UNREADABLE_EVENT = "an event that is not a part of an answer"

Stream = RelayedStream | NativeStream


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    """Refusal for whatever goes wrong before the first event; later troubles end the stream with an error event."""
    try:
        async with await call_upstream(context, exchange, plan) as response:
            stream = _read_along(exchange, plan)
            last = await _pass_on(exchange, plan, response, stream, send)
            await _finish(context, exchange, send, stream, last)
            await _drain(response, stream)
    except TransportError as error:
        raise unreachable(plan.upstream.provider, error) from error


def _read_along(exchange: Exchange, plan: Plan) -> Stream:
    if plan.native:
        return NativeStream(exchange)
    return RelayedStream(exchange, plan.upstream.adapter.stream(chat_call(plan)))


async def _pass_on(exchange: Exchange, plan: Plan, response: Response, stream: Stream, send: Send) -> bytes:
    """All events but the last, which is given back: the proper end, or an error."""
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
        return _broken_off(exchange, stream, unreachable(provider, error))
    except NotUnderstood:
        return _broken_off(exchange, stream, not_understood(provider, UNREADABLE_EVENT))
    except Refusal as refusal:
        return _broken_off(exchange, stream, refusal)
    return stream.last()


async def _first_events(plan: Plan, response: Response, stream: Stream) -> bytes:
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
        raise not_understood(upstream.provider, UNREADABLE_EVENT) from error
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


def _broken_off(exchange: Exchange, stream: Stream, refusal: Refusal) -> bytes:
    """Note what ended the stream early; the caller reads it as the last event."""
    outcome = exchange.outcome
    outcome.error_type, outcome.error_message = refusal.code, refusal.message
    return stream.fail(refusal)


async def _finish(context: Context, exchange: Exchange, send: Send, stream: Stream, last: bytes) -> None:
    """The record first, then the end of the answer."""
    exchange.ended(UPSTREAM)
    try:
        context.record(exchange)
    except Refusal as refusal:
        last = _broken_off(exchange, stream, refusal)
    if stream.answer and exchange.door.needs_memory:
        await previous.keep(context, exchange, stream.answer)
    await send({"type": "http.response.body", "body": last})


async def _drain(response: Response, stream: Stream) -> None:
    """Read the end of the body, so that the connection can carry the next request."""
    if stream.done and not response.complete:
        try:
            async with asyncio.timeout(TAIL_SECONDS):
                while await response.next_chunk():
                    continue
        except (TransportError, TimeoutError):
            return
