"""Whether a request's key, user, project and organisation have anything left for it."""

from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.worst_case import exchange_models, highest_cost, likely_tokens
from apps.gateway.snapshot import KeyEntry
from apps.limits.services import Admission, Ask, Limiter, LimitReached


async def admit(limiter: Limiter, exchange: Exchange, key: KeyEntry) -> None:
    """Note the request with every limit that concerns it; Refusal 429 when one is reached."""
    if not key.rules:
        return
    ask = _ask(exchange)
    try:
        admission = limiter.try_admit(key.rules, ask)
        exchange.admission = await limiter.admit(key.rules, ask) if admission is None else admission
    except LimitReached as reached:
        headers = reached.headers
        raise Refusal(reached.status, reached.message, code=reached.code, headers=headers) from reached
    exchange.limit_headers = _headers(limiter, exchange.admission)


def settle(exchange: Exchange) -> None:
    """Once it is known what the attempts used."""
    admission = exchange.admission
    if admission is None:
        return
    usages = [attempt.usage for attempt in exchange.attempts if attempt.usage is not None]
    tokens = sum(usage.prompt_tokens + usage.completion_tokens for usage in usages)
    admission.settle(tokens, sum(attempt.cost or 0 for attempt in exchange.attempts))


def _ask(exchange: Exchange) -> Ask:
    plan, models = exchange.plan, exchange_models(exchange)
    at_once = 2 if plan is not None and plan.policy.hedge is not None else 1
    return Ask(
        tokens=likely_tokens(exchange),
        cost_nano=at_once * max(highest_cost(exchange, model) for model in models),
        user=exchange.user,
        model=models[0].name,
        route=plan.route.name if plan is not None and plan.route is not None else "",
    )


def _headers(limiter: Limiter, admission: Admission) -> Headers:
    over = [rule.title for rule in admission.over]
    warned = ((b"x-flywheel-limits-exceeded", ", ".join(over).encode("ascii", "replace")),) if over else ()
    return [*admission.headers(limiter.clock.now_ms()), *warned]
