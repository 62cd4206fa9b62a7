"""A policy in words, one line for each thing it says: for people, and for the difference between two versions."""

from collections.abc import Iterator

from apps.gateway.domain.policy import Condition, Policy, Target

_STRATEGIES = {
    "ordered": "the first target that can, in this order",
    "weighted": "by chance, according to the weights",
    "least_busy": "the target with the fewest open requests",
    "fastest": "the quicker and less busy of two targets drawn by chance",
}
_OPERATORS = {"equals": "=", "not": "≠", "in": "in", "prefix": "begins with", "at_least": "≥", "at_most": "≤"}


def describe(policy: Policy) -> list[str]:
    return list(_lines(policy))


def in_words(condition: Condition) -> str:
    value = condition.value
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{condition.field} {_OPERATORS[condition.op]} {shown}"


def _lines(policy: Policy) -> Iterator[str]:
    for target in policy.targets:
        yield _target(target, weighted=policy.strategy == "weighted")
    if len(policy.targets) > 1:
        yield f"choice: {_STRATEGIES[policy.strategy]}"
    if policy.affinity != "none":
        yield f"affinity: requests of the same {policy.affinity} go to the same target"
    retries = policy.retries
    yield f"retries: {retries.attempts} more, after {retries.base_ms} to {retries.max_ms} ms"
    yield f"Retry-After: waited for up to {retries.max_retry_after_ms} ms"
    limits = policy.timeouts
    for name in ("connect_ms", "first_token_ms", "idle_ms", "total_ms"):
        if (value := getattr(limits, name)) is not None:
            yield f"time limit {name.removesuffix('_ms').replace('_', ' ')}: {value} ms"
    if len(policy.targets) > 1:
        yield f"next target after: {', '.join(policy.fallback_on) or 'nothing'}"
    if (hedge := policy.hedge) is not None:
        yield (
            f"second target asked after the {hedge.after_percentile}th percentile of the first one's time "
            f"({hedge.min_ms} to {hedge.max_ms} ms), for {hedge.max_share:.0%} of the requests at most"
        )
    breaker = policy.breaker
    yield (
        f"left alone for {breaker.cooldown_s} s after {breaker.failure_rate:.0%} failures of at least "
        f"{breaker.minimum} requests in {breaker.window_s} s"
    )
    if any(target.max_concurrency for target in policy.targets):
        yield f"waiting line: {policy.queue.size}, for up to {policy.queue.timeout_ms} ms"


def _target(target: Target, *, weighted: bool) -> str:
    parts = [f"target {target.model}"]
    if weighted:
        parts.append(f"weight {target.weight}")
    if target.max_concurrency:
        parts.append(f"at most {target.max_concurrency} at once per gateway process")
    if target.when:
        parts.append("when " + " and ".join(map(in_words, target.when)))
    return ", ".join(parts)
