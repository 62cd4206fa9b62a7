"""Answers that come event by event."""

import asyncio

from apps.gateway.proxy import previous
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.loop import Loop
from apps.gateway.proxy.attempts.opened import Stream, Streaming
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import UPSTREAM, Exchange
from apps.gateway.proxy.heartbeat import Heartbeat
from apps.gateway.proxy.native import NativeStream
from apps.gateway.proxy.opening import UNREADABLE_EVENT, first_events
from apps.gateway.proxy.provider_errors import not_understood, told, unreachable
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.relayed import NotUnderstood, RelayedStream
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.upstream_call import call_upstream, chat_call
from apps.serving.services import Response, TransportError

EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
# Between a stream's [DONE] and the end of its body, after which the connection can be used again.
TAIL_SECONDS = 1.0


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    """Refusal for whatever goes wrong before the first content; later troubles end the stream with an error event."""

    async def ask(attempt: Attempt) -> Streaming:
        return await _ask(context, exchange, plan, attempt)

    loop = Loop(context.targets, exchange, plan, ask)
    try:
        opened = await loop.run()
        async with opened.response:
            last = await _pass_on(exchange, opened, send)
            await _finish(context, exchange, send, opened.stream, last)
            await _drain(opened.response, opened.stream)
    finally:
        loop.leave()


async def _ask(context: Context, exchange: Exchange, plan: Plan, attempt: Attempt) -> Streaming:
    try:
        response = await call_upstream(context, exchange, plan, attempt)
        try:
            stream = _read_along(exchange, plan, attempt)
            first = await first_events(attempt, response, stream)
        except BaseException:
            response.close()
            raise
    except TransportError as error:
        raise unreachable(attempt.upstream.provider, error) from error
    return Streaming(attempt, response, stream, first)


def _read_along(exchange: Exchange, plan: Plan, attempt: Attempt) -> Stream:
    if attempt.native:
        return NativeStream(exchange, attempt)
    return RelayedStream(exchange, attempt, attempt.upstream.adapter.stream(chat_call(plan, attempt)))


async def _pass_on(exchange: Exchange, opened: Streaming, send: Send) -> bytes:
    """All events but the last, which is given back: the proper end, or an error."""
    provider, stream = opened.attempt.upstream.provider, opened.stream
    exchange.answering = True
    await send({"type": "http.response.start", "status": 200, "headers": [*EVENT_STREAM, *exchange.headers()]})
    heartbeat = Heartbeat(send, stream.keep_alive())
    try:
        await _events(opened, send, heartbeat)
        if stream.error is not None:
            raise told(provider, stream.error)
    except TransportError as error:
        return _broken_off(exchange, stream, unreachable(provider, error))
    except NotUnderstood:
        return _broken_off(exchange, stream, not_understood(provider, UNREADABLE_EVENT))
    except Refusal as refusal:
        return _broken_off(exchange, stream, refusal)
    finally:
        heartbeat.stop()
    return stream.last()


async def _events(opened: Streaming, send: Send, heartbeat: Heartbeat) -> None:
    """Up to the last one."""
    response, stream, out = opened.response, opened.stream, opened.first
    while True:
        if out:
            heartbeat.quiet = False
            await send({"type": "http.response.body", "body": out, "more_body": True})
        if stream.over:
            return
        chunk = await response.next_chunk()
        out = stream.feed(chunk) if chunk else stream.end()
        if not chunk and not stream.over:
            raise not_understood(opened.attempt.upstream.provider, "only a part of its answer and closed the stream")


def _broken_off(exchange: Exchange, stream: Stream, refusal: Refusal) -> bytes:
    """Note what ended the stream early; the caller reads it as the last event."""
    outcome = exchange.outcome
    outcome.error_type, outcome.error_message = refusal.code, refusal.message
    if exchange.winner is not None:
        exchange.winner.failed(refusal.code, refusal.message)
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
