"""The record of a request: one span for the whole, one for each step, all in one write."""

from typing import Any

from msgspec import Raw

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.caller import MAX_LABEL
from apps.gateway.proxy.exchange import RESPOND, UPSTREAM, Exchange
from apps.gateway.proxy.payloads import kept_request, kept_response, kept_stream
from llmkit import telemetry as names
from llmkit.telemetry import SpanRecord, encode_records

OUTGOING_KEPT = 1024 * 1024


def encode_record(exchange: Exchange) -> bytes:
    """The lines of a request's spans, ending with the phase that ended last. The exchange must know its key."""
    answer = _answer(exchange, exchange.attempt)
    if len(exchange.attempts) > 1:
        answer |= _cost_of_all(exchange)
    children = _children(exchange)
    return encode_records([_entry(exchange, answer, children[-1].end_ns), *children])


def _entry(exchange: Exchange, answer: dict[str, Any], end_ns: int) -> SpanRecord:
    outcome = exchange.outcome
    attributes = _labels(exchange) | answer | _kept(exchange)
    request, cut = kept_request(exchange.request)
    response, response_cut = kept_response(outcome.body)
    attempt = exchange.attempt
    if cut or response_cut or (attempt is not None and attempt.stream_cut):
        attributes[names.PAYLOAD_TRUNCATED] = True
    return SpanRecord(
        project_id=exchange.project_id,
        trace_id=exchange.trace_id,
        span_id=exchange.span_id,
        parent_id=exchange.parent_id,
        name=f"{exchange.operation} {exchange.request.asked.model}" if exchange.request else exchange.operation,
        kind="server",
        is_entry=True,
        start_ns=exchange.started_ns + exchange.wall_offset,
        end_ns=end_ns,
        status="error" if outcome.error_type else "ok",
        status_message=outcome.error_message,
        attributes=attributes,
        request=request,
        response=response,
        stream=kept_stream(attempt.stream) if attempt is not None else "",
    )


def _children(exchange: Exchange) -> list[SpanRecord]:
    """One span per phase, each beginning where the one before ended, so that they add up to the whole.

    In place of the phase with the providers stand the attempts of it.
    """
    project_id, offset, failed = exchange.project_id, exchange.wall_offset, bool(exchange.outcome.error_type)
    start = exchange.started_ns + offset
    last = len(exchange.phases) - 1
    hit = exchange.visit is not None and exchange.visit.hit is not None
    spans = []
    for number, (phase, ended) in enumerate(exchange.phases):
        end = ended + offset
        if phase == UPSTREAM and not hit:
            spans += [_attempt(exchange, attempt, end) for attempt in exchange.attempts]
        else:
            spans.append(
                SpanRecord(
                    project_id=project_id,
                    trace_id=exchange.trace_id,
                    span_id=exchange.step_ids[number],
                    parent_id=exchange.span_id,
                    name="cache" if phase == UPSTREAM else phase,
                    start_ns=start,
                    end_ns=end,
                    status="error" if failed and number == last and phase != RESPOND else "unset",
                )
            )
        start = end
    return spans


def _attempt(exchange: Exchange, attempt: Attempt, end: int) -> SpanRecord:
    """`end`: of the phase, for an attempt that is still under way."""
    offset = exchange.wall_offset
    attributes = _answer(exchange, attempt) | {
        names.REQUEST_MODEL: attempt.model.upstream_name,
        names.SERVER_ADDRESS: attempt.upstream.address,
    }
    if len(exchange.attempts) > 1 or attempt.number > 1:
        attributes |= {names.ATTEMPT: attempt.number, names.TARGET: attempt.model.name, names.CHOICE: attempt.why}
    if attempt.cut_off:
        attributes[names.CUT_OFF] = True
    return SpanRecord(
        project_id=exchange.project_id,
        trace_id=exchange.trace_id,
        span_id=attempt.span_id,
        parent_id=exchange.span_id,
        name=f"{exchange.operation} {attempt.model.upstream_name}",
        kind="client",
        start_ns=attempt.started_ns + offset,
        end_ns=attempt.ended_ns + offset if attempt.ended_ns else end,
        status="error" if attempt.error_type else "ok",
        status_message=attempt.error_message,
        attributes=attributes,
        request=_outgoing(exchange, attempt),
    )


def _outgoing(exchange: Exchange, attempt: Attempt) -> Raw:
    """What went to the provider, where the route made something else of what came in."""
    added = exchange.plan is not None and exchange.plan.route_added
    return Raw(attempt.outgoing) if added and len(attempt.outgoing) <= OUTGOING_KEPT else names.NO_BODY


def _labels(exchange: Exchange) -> dict[str, Any]:
    """Who asked, for what, through which door."""
    caller, asked = exchange.caller, exchange.request.asked if exchange.request else None
    found: dict[str, Any] = {
        names.KEY: exchange.key.id if exchange.key else "",
        names.USER: exchange.user,
        names.SESSION: exchange.session,
        names.ENVIRONMENT: caller.label(b"x-flywheel-environment"),
        names.RELEASE: caller.label(b"x-flywheel-release"),
        names.REQUEST_MODEL: asked.model if asked else "",
    }
    labels = {name: value for name, value in found.items() if value}
    plan = exchange.plan
    if plan is not None and plan.route is not None:
        labels[names.ROUTE] = plan.route.name
        labels[names.ROUTE_VERSION] = plan.route.version
    return labels


def _answer(exchange: Exchange, attempt: Attempt | None) -> dict[str, Any]:
    """What came back of one attempt, in the words of the GenAI conventions."""
    outcome, request = exchange.outcome, exchange.request
    found: dict[str, Any] = {names.OPERATION: exchange.operation, names.HTTP_STATUS: outcome.status}
    if exchange.plan is not None:
        found[names.PROVIDER] = (attempt.model if attempt else exchange.plan.targets[0]).provider
    if request is not None and request.asked.stream:
        found[names.REQUEST_STREAM] = True
    if outcome.client_gone:
        found[names.CLIENT_GONE] = True
    if attempt is not None:
        found |= _told(attempt)
        found |= _spent(exchange, attempt)
    if error_type := (outcome.error_type if attempt is exchange.attempt or attempt is None else attempt.error_type):
        found[names.ERROR_TYPE] = error_type
    return found


def _kept(exchange: Exchange) -> dict[str, Any]:
    """Of an answer that took no call, or that checks one that took none."""
    if exchange.checks_cache:
        return {names.CACHE: "check"}
    if exchange.replayed:
        return {names.REPLAYED: True}
    visit = exchange.visit
    if visit is None or visit.hit is None:
        return {}
    hit = visit.hit
    found: dict[str, Any] = {
        names.CACHE: "shared" if visit.shared else hit.kind,
        names.RESPONSE_MODEL: hit.answer.model,
    }
    if hit.similarity is not None:
        found[names.CACHE_SIMILARITY] = round(hit.similarity, 4)
    return found


def _cost_of_all(exchange: Exchange) -> dict[str, int]:
    """Tokens are those of the answer; money was spent on every attempt."""
    known = [attempt.cost for attempt in exchange.attempts if attempt.cost is not None]
    return {names.COST_NANO: sum(known)} if known else {}


def _told(attempt: Attempt) -> dict[str, Any]:
    found: dict[str, Any] = {}
    answer = attempt.answer
    if answer.model:
        found[names.RESPONSE_MODEL] = answer.model[:MAX_LABEL]
    if answer.response_id:
        found[names.RESPONSE_ID] = answer.response_id[:MAX_LABEL]
    if answer.finish_reasons:
        found[names.FINISH_REASONS] = list(answer.finish_reasons.values())
    if attempt.first_chunk_ns:
        found[names.TIME_TO_FIRST_CHUNK] = attempt.first_chunk_ns / 1e9
    return found


def _spent(exchange: Exchange, attempt: Attempt) -> dict[str, Any]:
    """Tokens and, where the model had a price when the request came, what they cost."""
    usage = attempt.usage
    if usage is None:
        return {}
    spent: dict[str, Any] = {names.INPUT_TOKENS: usage.prompt_tokens, names.OUTPUT_TOKENS: usage.completion_tokens}
    if usage.cached_tokens:
        spent[names.CACHED_TOKENS] = usage.cached_tokens
    if attempt.usage_estimated:
        spent[names.USAGE_ESTIMATED] = True
    price = attempt.model.price_at(exchange.started_ns + exchange.wall_offset)
    if price is not None and attempt.cost is not None:
        spent[names.PRICE_VERSION] = price.id
        spent[names.COST_NANO] = attempt.cost
    return spent
