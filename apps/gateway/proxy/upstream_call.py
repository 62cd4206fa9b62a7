"""Handing a request to the provider."""

from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.doors import EMBEDDINGS
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.native import native_request
from apps.gateway.proxy.provider_errors import unsupported
from apps.gateway.proxy.resolve import Plan
from apps.serving.services import ChatCall, EmbeddingsCall, Response, UnsupportedRequest, UpstreamRequest
from llmkit.traceparent import format_traceparent


async def call_upstream(
    context: Context, exchange: Exchange, plan: Plan, attempt: Attempt, *, whole: bool = False
) -> Response:
    """The provider's response once its head (or, with `whole`, its body) is there; TransportError otherwise.

    ProviderFailure 400 where the provider can't do what the request asks for.
    """
    upstream = attempt.upstream
    try:
        request = _request(exchange, plan, attempt)
    except UnsupportedRequest as error:
        raise unsupported(str(error), error.param) from error
    context.reserve(exchange, attempt)
    attempt.outgoing = request.body
    return await context.client.send(
        upstream.target,
        request.method,
        upstream.path + request.path,
        [*request.headers, *_context_headers(exchange, attempt)],
        request.body,
        upstream.timeouts,
        whole=whole,
    )


def _request(exchange: Exchange, plan: Plan, attempt: Attempt) -> UpstreamRequest:
    upstream = attempt.upstream
    if attempt.native:
        return native_request(exchange, plan, attempt)
    if plan.operation == EMBEDDINGS:
        return upstream.adapter.embeddings_request(_embeddings_call(attempt), upstream.access)
    return upstream.adapter.request(chat_call(plan, attempt), upstream.access)


def whole_answer(plan: Plan, attempt: Attempt, body: bytes) -> bytes:
    """The body of a provider's 200 in OpenAI's shape; ProviderError if it is an error or can't be read."""
    adapter = attempt.upstream.adapter
    if plan.operation == EMBEDDINGS:
        return adapter.embeddings_answer(_embeddings_call(attempt), body)
    return adapter.plain(body, chat_call(plan, attempt))


def _embeddings_call(attempt: Attempt) -> EmbeddingsCall:
    name = attempt.model.upstream_name
    return EmbeddingsCall(members=attempt.members, body=attempt.body, model=name, upstream_model=name)


def chat_call(plan: Plan, attempt: Attempt) -> ChatCall:
    """The request as the adapter takes it. The usage is always asked for, and taken out again on the way back."""
    name = attempt.model.upstream_name
    return ChatCall(
        members=attempt.members,
        body=attempt.body,
        model=name,
        upstream_model=name,
        stream=plan.streams,
        include_usage=plan.streams,
        max_output_tokens=attempt.model.max_output_tokens,
    )


def _context_headers(exchange: Exchange, attempt: Attempt) -> Headers:
    """Of the caller's own headers nothing goes on but the trace it belongs to."""
    headers = [(b"traceparent", format_traceparent(exchange.trace_id, attempt.span_id).encode())]
    if exchange.tracestate:
        headers.append((b"tracestate", exchange.tracestate.encode("latin-1")))
    if attempt.upstream.own_engine:
        headers.append((b"x-flywheel-project", exchange.project_id.encode()))
    return headers
