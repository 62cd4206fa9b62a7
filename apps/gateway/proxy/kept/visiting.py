"""A request's visit to the caches of its route, and what its answer leaves there."""

import msgspec

from apps.caching.services import Asked, Caches, Hit, StoredAnswer, Visit
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import COUNT, EMBEDDINGS
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.payloads import kept_stream
from apps.gateway.proxy.resolve import Plan
from apps.tracing.domain.streams import assemble


def visit(caches: Caches, exchange: Exchange, plan: Plan) -> Visit | None:
    """None for a request that no cache is for."""
    key, request = exchange.key, plan.request
    if key is None or key.project.caching is None or plan.operation in {EMBEDDINGS, COUNT} or request.untranslatable:
        return None
    route = plan.route
    asked = Asked(
        route=request.asked.model,
        members=plan.members,
        answers_as=f"{route.id}:{route.version}" if route is not None else plan.targets[0].id,
        key_id=key.id,
        user=exchange.user,
        session=exchange.session,
        control=exchange.caller.found.get(b"cache-control"),
    )
    return caches.visit(key.project.caching, asked)


def shared(visit: Visit, answer: StoredAnswer) -> Hit:
    """What an identical request got a moment ago."""
    visit.hit = Hit(answer, 0.0)
    visit.shared = True
    return visit.hit


def keep(caches: Caches, exchange: Exchange) -> None:
    """What was answered freshly goes into the caches, and to those who wait for the same."""
    visit, attempt = exchange.visit, exchange.winner
    if visit is None or attempt is None:
        return
    # Putting a stream together is work; where nothing may be kept, nobody waits for it either.
    answer = _stored(exchange, attempt) if visit.ticket.writes else None
    kept = answer is not None and not caches.keep(visit, answer)
    if exchange.flight is not None:
        exchange.flight.land(answer if kept else None)


def _stored(exchange: Exchange, attempt: Attempt) -> StoredAnswer | None:
    """None for what came broken or in pieces too large to keep, or is no chat completion as it stands."""
    outcome, usage = exchange.outcome, attempt.usage
    if outcome.error_type or outcome.status != 200 or attempt.native or attempt.stream_cut:
        return None
    body = attempt.received or msgspec.json.encode(assemble(kept_stream(attempt.stream)))
    return StoredAnswer(
        body=body,
        model=attempt.model.name,
        created=exchange.now_ns() / 1e9,
        input_tokens=usage.prompt_tokens if usage else 0,
        output_tokens=usage.completion_tokens if usage else 0,
        cost_nano=attempt.cost,
    )
