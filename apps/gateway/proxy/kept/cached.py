"""Requests at the caches of their route: an answer that is there already, or the way to a model."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from apps.caching.services import Hit, StoredAnswer, Visit, as_chunks, as_stream
from apps.gateway.proxy import plain, previous
from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Message, Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import RECEIVE, ROUTE, UPSTREAM, Exchange
from apps.gateway.proxy.kept import visiting
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.resolve import Plan
from apps.gateway.proxy.stream import EVENT_STREAM
from apps.serving.services import UnreadableAnswer

Relay = Callable[[Context, Exchange, Plan, Send], Awaitable[None]]


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send, fresh: Relay) -> None:
    """Answer from a cache, or from an identical call under way; otherwise ask a model by `fresh`."""
    visit = exchange.visit = visiting.visit(context.caches, exchange, plan)
    if visit is None or not visit.ticket.reads:
        await fresh(context, exchange, plan, send)
    elif (hit := await context.caches.look(visit)) is not None:
        if hit.sampled:
            context.later(_answer_again(context, exchange, plan, visit))
        await _answer(context, exchange, plan, send, hit)
    else:
        await _share(context, exchange, plan, send, visit, fresh)


async def _share(context: Context, exchange: Exchange, plan: Plan, send: Send, visit: Visit, fresh: Relay) -> None:
    """One call for all requests that are identical and under way."""
    place = await context.caches.flights.join(visit.ticket.key)
    if isinstance(place, StoredAnswer):
        context.caches.note_shared(visit, place.cost_nano)
        await _answer(context, exchange, plan, send, visiting.shared(visit, place))
    elif place is None:
        await fresh(context, exchange, plan, send)
    else:
        exchange.flight = place
        with place:
            await fresh(context, exchange, plan, send)


async def _answer(context: Context, exchange: Exchange, plan: Plan, send: Send, hit: Hit) -> None:
    """A kept answer in the caller's dialect, whole or as a stream, whichever was asked for."""
    exchange.outcome.body = hit.answer.body
    exchange.ended(UPSTREAM)
    body, whole = _told(plan, hit.answer.body)
    context.record(exchange)
    if plan.door.needs_memory:
        await previous.keep(context, exchange, whole)
    if not plan.streams:
        await send_json(send, 200, body, exchange.headers())
        return
    exchange.answering = True
    await send({"type": "http.response.start", "status": 200, "headers": [*EVENT_STREAM, *exchange.headers()]})
    await send({"type": "http.response.body", "body": body})


def _told(plan: Plan, kept: bytes) -> tuple[bytes, bytes]:
    """What goes out, and the whole answer in the caller's dialect where that is known; Refusal if it can't be told."""
    door, request = plan.door, plan.request
    try:
        if not plan.streams:
            body = kept if door.is_hub else door.dialect.answer(request.members, kept)
            return body, body
        if door.is_hub:
            return b"".join(as_stream(kept, include_usage=request.wants_usage)), b""
        voice = door.dialect.stream(request.members)
        body = voice.feed(list(as_chunks(kept, include_usage=True))) + voice.end()
        return body, voice.answer
    except UnreadableAnswer as error:
        raise Refusal(502, "The cached answer cannot be read.", code="cached_answer_unreadable") from error


async def _answer_again(context: Context, exchange: Exchange, plan: Plan, visit: Visit) -> None:
    """Ask a model what was answered from the semantic cache, so that a worker can judge whether the hit was right."""
    check = Exchange(exchange.door, exchange.caller, context.clock.offset)
    check.key, check.request, check.checks_cache = exchange.key, exchange.request, True
    members = {name: value for name, value in plan.members.items() if name not in {"stream", "stream_options"}}
    check.plan = replace(plan, members=members, changed=True, streams=False)
    for phase in (check.running, RECEIVE, ROUTE):
        check.ended(phase)
    try:
        await plain.relay(context, check, check.plan, _to_nobody)
    except Refusal as refusal:
        check.outcome.status, check.outcome.error_type = refusal.status, refusal.code
        check.outcome.error_message = refusal.message
    finally:  # also at a shutdown: what was spent stays on record
        context.record(check)
    if check.winner is not None and not check.winner.native:
        context.caches.note_sample(visit, check.winner.received)


async def _to_nobody(message: Message) -> None:
    """The answer is on record; nobody waits for it."""
