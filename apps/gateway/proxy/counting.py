"""Counting the tokens of a request before it is made: by the provider where it can, else by a rule of thumb."""

import msgspec

from apps.gateway.proxy import plain
from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import RESPOND, Exchange
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.resolve import Plan
from apps.serving.services import Invalid, estimate_messages_tokens

BYTES_PER_TOKEN = 4
ESTIMATED = (b"x-flywheel-estimated", b"true")


async def relay(context: Context, exchange: Exchange, plan: Plan, send: Send) -> None:
    upstream = plan.targets[0].upstream
    if upstream is not None and plan.speaks_natively(upstream):
        await plain.relay(context, exchange, plan, send)
        return
    body = exchange.outcome.body = msgspec.json.encode({"input_tokens": _estimated(plan)})
    exchange.running = RESPOND
    context.record(exchange)
    await send_json(send, 200, body, [*exchange.headers(), ESTIMATED])


def _estimated(plan: Plan) -> int:
    """Of the request and of what the route puts before it; Refusal 400 naming the member that can't be read."""
    try:
        tokens = estimate_messages_tokens(plan.members)
    except Invalid as error:
        raise Refusal(400, error.message, code="invalid_request", param=error.param or None) from error
    added = plan.route.system_turn if plan.route else b""
    return tokens + -(-len(added) // BYTES_PER_TOKEN)
