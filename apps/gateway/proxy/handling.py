"""One request, from its headers to its last byte."""

import asyncio
import logging

from apps.gateway.proxy import counting, plain, previous, stream
from apps.gateway.proxy.admitting import admit
from apps.gateway.proxy.answering import send_refusal
from apps.gateway.proxy.asgi_types import Receive, Scope, Send
from apps.gateway.proxy.asked import parse, translate
from apps.gateway.proxy.auth import KeyRefusal, authenticate
from apps.gateway.proxy.caller import Caller
from apps.gateway.proxy.client_watch import ClientWatch
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.doors import COUNT, Door
from apps.gateway.proxy.estimate import CLIENT_CLOSED_REQUEST
from apps.gateway.proxy.exchange import AUTHORIZE, RECEIVE, ROUTE, Exchange
from apps.gateway.proxy.kept import cached, idempotent
from apps.gateway.proxy.reading import ClientGone, read_body
from apps.gateway.proxy.refusals import Refusal, unexpected
from apps.gateway.proxy.resolve import Plan, resolve
from apps.gateway.snapshot import KeyEntry

log = logging.getLogger(__name__)


async def answer(context: Context, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
    """Refusal only for what happens before anything is known about the request."""
    snapshot = context.snapshot()
    exchange = Exchange(door, Caller.of(scope["headers"]), context.clock.offset)
    try:
        key = exchange.key = authenticate(exchange.caller.authorization, snapshot.keys, exchange.now_ns())
        exchange.ended(AUTHORIZE)
        await _understand(context, exchange, key, receive)

        async def handle(send: Send) -> None:
            plan = await _admit(context, exchange, key)
            await _relay(context, exchange, plan, receive, send)

        await idempotent.once(context, exchange, key, scope["path"], send, handle)
    except ClientGone:
        exchange.outcome.client_gone = True
        _note_unanswered(context, exchange)
    except Refusal as refusal:
        if isinstance(refusal, KeyRefusal):
            exchange.key = refusal.key
        await _refuse(context, exchange, refusal, send)
    except Exception:
        log.exception("Unexpected failure in trace %s.", exchange.trace_id)
        if exchange.answering:
            exchange.outcome.error_type = "internal_error"
            _record_or_log(context, exchange)
            raise
        await _refuse(context, exchange, unexpected(), send)
    finally:
        if exchange.admission is not None:
            exchange.admission.release()


async def _understand(context: Context, exchange: Exchange, key: KeyEntry, receive: Receive) -> None:
    raw = await read_body(receive, exchange.caller.content_length, context.max_body_bytes)
    request = exchange.request = parse(raw, exchange.door)
    if exchange.door.needs_memory:
        await previous.understand(context, key.project.id, request)
    elif exchange.door.is_translated:
        translate(request, exchange.door.dialect.to_chat)
    exchange.ended(RECEIVE)


async def _admit(context: Context, exchange: Exchange, key: KeyEntry) -> Plan:
    if exchange.request is None:
        raise LookupError("The request has not been read.")
    plan = exchange.plan = resolve(key, exchange.request, exchange.door)
    await admit(context.limiter, exchange, key)
    exchange.ended(ROUTE)
    return plan


async def _relay(context: Context, exchange: Exchange, plan: Plan, receive: Receive, send: Send) -> None:
    fresh = _way(exchange.door, plan)
    watch = ClientWatch(exchange, receive)
    try:
        await cached.relay(context, exchange, plan, send, fresh)
    except asyncio.CancelledError:
        if watch.gone:
            watch.forgive()
            raise ClientGone from None
        exchange.outcome.error_type = "shutdown"
        _note_unanswered(context, exchange)
        raise
    finally:
        watch.stop()


def _way(door: Door, plan: Plan) -> cached.Relay:
    if door.operation == COUNT:
        return counting.relay
    return stream.relay if plan.streams else plain.relay


async def _refuse(context: Context, exchange: Exchange, refusal: Refusal, send: Send) -> None:
    """Tell the caller, once the refusal is on record where it belongs to a project."""
    outcome = exchange.outcome
    outcome.status, outcome.error_type, outcome.error_message = refusal.status, refusal.code, refusal.message
    if exchange.key is None:
        context.unknown_keys += 1
    else:
        outcome.body = exchange.door.refusal(refusal)
        try:
            context.record(exchange)
        except Refusal as broken:
            refusal = broken
    await send_refusal(send, refusal, exchange.headers(), exchange.door.refusal(refusal))


def _note_unanswered(context: Context, exchange: Exchange) -> None:
    """Nobody is told anything any more, but what was spent stays on record."""
    exchange.outcome.status = CLIENT_CLOSED_REQUEST
    _record_or_log(context, exchange)


def _record_or_log(context: Context, exchange: Exchange) -> None:
    try:
        context.record(exchange)
    except Refusal:
        log.error("The record of trace %s, of which no whole answer was sent, is lost.", exchange.trace_id)
