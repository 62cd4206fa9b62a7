"""Handing a request to the provider."""

from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.doors import EMBEDDINGS
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.native import native_request
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.resolve import Plan
from apps.serving.services import ChatCall, EmbeddingsCall, Response, UnsupportedRequest, UpstreamRequest
from llmkit.traceparent import format_traceparent


async def call_upstream(context: Context, exchange: Exchange, plan: Plan, *, whole: bool = False) -> Response:
    """The provider's response once its head (or, with `whole`, its body) is there; TransportError otherwise.

    Refusal 400 where the provider can't do what the request asks for.
    """
    upstream = plan.upstream
    try:
        request = _request(exchange, plan)
    except UnsupportedRequest as error:
        raise Refusal(400, str(error), code="unsupported_by_provider", param=error.param) from error
    exchange.outgoing = request.body
    return await context.client.send(
        upstream.target,
        request.method,
        upstream.path + request.path,
        [*request.headers, *_context_headers(exchange, plan)],
        request.body,
        upstream.timeouts,
        whole=whole,
    )


def _request(exchange: Exchange, plan: Plan) -> UpstreamRequest:
    upstream = plan.upstream
    if plan.native:
        return native_request(exchange, plan)
    if plan.operation == EMBEDDINGS:
        return upstream.adapter.embeddings_request(_embeddings_call(plan), upstream.access)
    return upstream.adapter.request(chat_call(plan), upstream.access)


def whole_answer(plan: Plan, body: bytes) -> bytes:
    """The body of a provider's 200 in OpenAI's shape; ProviderError if it is an error or can't be read."""
    adapter = plan.upstream.adapter
    if plan.operation == EMBEDDINGS:
        return adapter.embeddings_answer(_embeddings_call(plan), body)
    return adapter.plain(body, chat_call(plan))


def _embeddings_call(plan: Plan) -> EmbeddingsCall:
    name = plan.model.upstream_name
    return EmbeddingsCall(members=plan.members, body=plan.body, model=name, upstream_model=name)


def chat_call(plan: Plan) -> ChatCall:
    """The request as the adapter takes it. The usage is always asked for, and taken out again on the way back."""
    return ChatCall(
        members=plan.members,
        body=plan.body,
        model=plan.model.upstream_name,
        upstream_model=plan.model.upstream_name,
        stream=plan.streams,
        include_usage=plan.streams,
        max_output_tokens=plan.model.max_output_tokens,
    )


def _context_headers(exchange: Exchange, plan: Plan) -> Headers:
    """Of the caller's own headers nothing goes on but the trace it belongs to."""
    headers = [(b"traceparent", format_traceparent(exchange.trace_id, exchange.upstream_span_id).encode())]
    if exchange.tracestate:
        headers.append((b"tracestate", exchange.tracestate.encode("latin-1")))
    if plan.upstream.own_engine:
        headers.append((b"x-flywheel-project", exchange.project_id.encode()))
    return headers
