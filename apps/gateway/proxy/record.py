"""The record of a request: one span for the whole, one for each step, all in one write."""

from typing import Any

from msgspec import Raw

from apps.gateway.proxy.caller import MAX_LABEL
from apps.gateway.proxy.exchange import RESPOND, UPSTREAM, Exchange
from apps.gateway.proxy.payloads import kept_request, kept_response, kept_stream
from apps.gateway.proxy.resolve import Plan
from llmkit import telemetry as names
from llmkit.telemetry import SpanRecord, encode_records

OUTGOING_KEPT = 1024 * 1024


def encode_record(exchange: Exchange) -> bytes:
    """The lines of a request's spans, ending with the phase that ended last. The exchange must know its key."""
    answer = _answer(exchange)
    children = _children(exchange, answer)
    return encode_records([_entry(exchange, answer, children[-1].end_ns), *children])


def _entry(exchange: Exchange, answer: dict[str, Any], end_ns: int) -> SpanRecord:
    outcome = exchange.outcome
    attributes = _labels(exchange) | answer
    request, cut = kept_request(exchange.request)
    response, response_cut = kept_response(outcome.body)
    if cut or response_cut or outcome.stream_cut:
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
        stream=kept_stream(outcome.stream),
    )


def _children(exchange: Exchange, answer: dict[str, Any]) -> list[SpanRecord]:
    """One span per phase, each beginning where the one before ended, so that they add up to the whole."""
    project_id, offset, failed = exchange.project_id, exchange.wall_offset, bool(exchange.outcome.error_type)
    start = exchange.started_ns + offset
    last = len(exchange.phases) - 1
    spans = []
    for number, (phase, ended) in enumerate(exchange.phases):
        end = ended + offset
        if phase == UPSTREAM:
            spans.append(_upstream(exchange, answer, start, end))
        else:
            spans.append(
                SpanRecord(
                    project_id=project_id,
                    trace_id=exchange.trace_id,
                    span_id=exchange.step_ids[number],
                    parent_id=exchange.span_id,
                    name=phase,
                    start_ns=start,
                    end_ns=end,
                    status="error" if failed and number == last and phase != RESPOND else "unset",
                )
            )
        start = end
    return spans


def _upstream(exchange: Exchange, answer: dict[str, Any], start: int, end: int) -> SpanRecord:
    plan, outcome = exchange.plan, exchange.outcome
    assert plan is not None  # noqa: S101  (the phase exists only once the request was resolved)
    attributes = answer | {names.REQUEST_MODEL: plan.model.upstream_name, names.SERVER_ADDRESS: plan.upstream.address}
    return SpanRecord(
        project_id=exchange.project_id,
        trace_id=exchange.trace_id,
        span_id=exchange.upstream_span_id,
        parent_id=exchange.span_id,
        name=f"{exchange.operation} {plan.model.upstream_name}",
        kind="client",
        start_ns=start,
        end_ns=end,
        status="error" if outcome.error_type else "ok",
        status_message=outcome.error_message,
        attributes=attributes,
        request=_outgoing(exchange, plan),
    )


def _outgoing(exchange: Exchange, plan: Plan) -> Raw:
    """What went to the provider, where the route made something else of what came in."""
    shown = plan.route_added and len(exchange.outgoing) <= OUTGOING_KEPT
    return Raw(exchange.outgoing) if shown else names.NO_BODY


def _labels(exchange: Exchange) -> dict[str, Any]:
    """Who asked, for what, through which door."""
    caller, asked = exchange.caller, exchange.request.asked if exchange.request else None
    found: dict[str, Any] = {
        names.KEY: exchange.key.id if exchange.key else "",
        names.USER: ((asked and asked.user) or caller.label(b"x-flywheel-user"))[:MAX_LABEL],
        names.SESSION: caller.label(b"x-flywheel-session") or _session_in(asked.metadata if asked else None),
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


def _answer(exchange: Exchange) -> dict[str, Any]:
    """What came back, in the words of the GenAI conventions."""
    outcome, plan, request = exchange.outcome, exchange.plan, exchange.request
    found: dict[str, Any] = {names.OPERATION: exchange.operation, names.HTTP_STATUS: outcome.status}
    if plan is not None:
        found[names.PROVIDER] = plan.model.provider
    if request is not None and request.asked.stream:
        found[names.REQUEST_STREAM] = True
    answer = outcome.answer
    if answer.model:
        found[names.RESPONSE_MODEL] = answer.model[:MAX_LABEL]
    if answer.response_id:
        found[names.RESPONSE_ID] = answer.response_id[:MAX_LABEL]
    if answer.finish_reasons:
        found[names.FINISH_REASONS] = list(answer.finish_reasons.values())
    if outcome.first_chunk_ns:
        found[names.TIME_TO_FIRST_CHUNK] = outcome.first_chunk_ns / 1e9
    if outcome.error_type:
        found[names.ERROR_TYPE] = outcome.error_type
    if outcome.client_gone:
        found[names.CLIENT_GONE] = True
    if outcome.usage is not None:
        found.update(_spent(exchange))
    return found


def _spent(exchange: Exchange) -> dict[str, Any]:
    """Tokens and, where the model had a price when the request came, what they cost."""
    usage, plan = exchange.outcome.usage, exchange.plan
    if usage is None or plan is None:
        return {}
    spent: dict[str, Any] = {names.INPUT_TOKENS: usage.prompt_tokens, names.OUTPUT_TOKENS: usage.completion_tokens}
    if usage.cached_tokens:
        spent[names.CACHED_TOKENS] = usage.cached_tokens
    if exchange.outcome.usage_estimated:
        spent[names.USAGE_ESTIMATED] = True
    price = plan.model.price_at(exchange.started_ns + exchange.wall_offset)
    if price is not None:
        spent[names.PRICE_VERSION] = price.id
        spent[names.COST_NANO] = price.cost(
            input_tokens=usage.prompt_tokens, cached_tokens=usage.cached_tokens, output_tokens=usage.completion_tokens
        )
    return spent


def _session_in(metadata: dict[str, Any] | None) -> str:
    session = metadata.get("session_id") if metadata else None
    return session[:MAX_LABEL] if isinstance(session, str) else ""
