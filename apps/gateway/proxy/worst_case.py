"""The most that a request can use, reckoned before it is made: for limits, and for what the ledger reserves."""

from apps.gateway.proxy.asked import ChatBody
from apps.gateway.proxy.doors import COUNT, EMBEDDINGS
from apps.gateway.proxy.estimate import CHARACTERS_PER_TOKEN, tokens_asked
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.snapshot import ModelEntry
from llmkit.usage import Usage

# Longer requests hold pictures, sounds or documents, whose bytes say little about their tokens.
LONG_REQUEST = 32 * 1024
# No tokenizer in use makes more of ordinary JSON.
FEWEST_BYTES_PER_TOKEN = 2
LONGEST_ANSWER = 16 * 1024  # tokens, of a model that doesn't say


def likely_tokens(exchange: Exchange) -> int:
    """Of the request and its answer together, as limits on tokens count them until the provider has."""
    return _input(exchange, CHARACTERS_PER_TOKEN) + _output(exchange, exchange_models(exchange)[0])


def highest_cost(exchange: Exchange, model: ModelEntry) -> int:
    """Nano-dollars of one attempt at this model; 0 where it has no price."""
    price = model.price_at(exchange.started_ns + exchange.wall_offset)
    if price is None or exchange.operation == COUNT:
        return 0
    input_tokens = _input(exchange, FEWEST_BYTES_PER_TOKEN)
    return price.cost_of(Usage(prompt_tokens=input_tokens, completion_tokens=_output(exchange, model)))


def exchange_models(exchange: Exchange) -> tuple[ModelEntry, ...]:
    """LookupError before it is known who may answer."""
    if exchange.plan is None:
        raise LookupError("This request has not been resolved yet.")
    return exchange.plan.targets


def _input(exchange: Exchange, bytes_per_token: int) -> int:
    request, plan = exchange.request, exchange.plan
    if request is None or plan is None:
        return 0
    if len(request.raw) > LONG_REQUEST:
        return tokens_asked(exchange) * CHARACTERS_PER_TOKEN // bytes_per_token
    added = len(plan.route.system_turn) if plan.route_added and plan.route else 0
    return (len(request.raw) + added) // bytes_per_token + 1


def _output(exchange: Exchange, model: ModelEntry) -> int:
    if exchange.operation in (EMBEDDINGS, COUNT):
        return 0
    most = model.max_output_tokens or min(model.context_tokens, LONGEST_ANSWER)
    asked = exchange.request.asked if exchange.request else None
    if not isinstance(asked, ChatBody):
        return most
    return (asked.max_completion_tokens or asked.max_tokens or most) * max(asked.n or 1, 1)
