"""A request that a limit refuses: why, for how long, and the header values that tell a client."""

from collections.abc import Iterable, Iterator

from apps.limits.domain.leases import Lease
from apps.limits.domain.rules import Metric, Rule, Window
from llmkit.money import format_nano

Headers = tuple[tuple[bytes, bytes], ...]

UNITS = {Metric.REQUESTS: "requests", Metric.TOKENS: "tokens", Metric.CONCURRENCY: "requests at a time"}
PERIODS = {Window.MINUTE: " per minute", Window.DAY: " per day", Window.MONTH: " per month", Window.TOTAL: " in total"}
CODES = {Metric.COST: "budget_exhausted", Metric.CONCURRENCY: "concurrency_limit_reached"}


class LimitReached(Exception):
    """status: 429, or 503 where a limit can't be checked. retry_after_ms: None where waiting doesn't help.

    retryable: whether a client should try again by itself; not when a budget is spent, though it may begin anew one
    day. code: for machines. headers: all that tell a client.
    """

    def __init__(
        self,
        lease: Lease,
        *,
        now_ms: int,
        retry_after_ms: int | None,
        retryable: bool = True,
        unavailable: bool = False,
    ) -> None:
        self.rule = rule = lease.rule
        self.status = 503 if unavailable else 429
        self.code = "limits_unavailable" if unavailable else CODES.get(rule.metric, "rate_limit_exceeded")
        self.retry_after_ms, self.retryable = retry_after_ms, retryable
        self.message = _sentence(rule, retry_after_ms, unavailable=unavailable)
        self.headers = (*rate_headers([lease], now_ms), *_retry_headers(retry_after_ms, retryable=retryable))
        super().__init__(self.message)


def amount_of(metric: Metric, amount: int) -> str:
    """`60 requests`, `$5.00`."""
    if metric is Metric.COST:
        return format_nano(amount)
    unit = UNITS[metric]
    return f"{amount:,} {unit.replace('requests', 'request', 1) if amount == 1 else unit}"


def words_of(rule: Rule) -> str:
    """`60 requests per minute`, `$5.00 per month`, `4 requests at a time`."""
    period = "" if rule.metric is Metric.CONCURRENCY else PERIODS[rule.window]
    return amount_of(rule.metric, rule.value) + period


def rate_headers(leases: Iterable[Lease], now_ms: int) -> Headers:
    """`x-ratelimit-{limit,remaining,reset}-{requests,tokens}` of the limit that is nearest to its end, of each kind."""
    tightest: dict[Metric, Lease] = {}
    for lease in leases:
        metric = lease.rule.metric
        if metric is not Metric.REQUESTS and metric is not Metric.TOKENS:
            continue
        if metric not in tightest or remaining(lease) < remaining(tightest[metric]):
            tightest[metric] = lease
    return tuple(header for lease in tightest.values() for header in _three(lease, now_ms))


def remaining(lease: Lease) -> int:
    """What is left for everybody as far as this process knows: what others hold may come back, so it's the least."""
    return max(0, lease.room + lease.free)


def _three(lease: Lease, now_ms: int) -> Iterator[tuple[bytes, bytes]]:
    kind = b"requests" if lease.rule.metric is Metric.REQUESTS else b"tokens"
    yield b"x-ratelimit-limit-" + kind, b"%d" % lease.rule.value
    yield b"x-ratelimit-remaining-" + kind, b"%d" % remaining(lease)
    if lease.end_ms:
        yield b"x-ratelimit-reset-" + kind, duration(max(0, lease.end_ms - now_ms)).encode()


def duration(milliseconds: int) -> str:
    """As OpenAI writes it: `820ms`, `12s`, `6m0s`, `3h20m0s`; whole seconds are rounded up."""
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    seconds = -(-milliseconds // 1000)
    if seconds < 60:
        return f"{seconds}s"
    hours, rest = divmod(seconds, 3600)
    return (f"{hours}h" if hours else "") + f"{rest // 60}m{rest % 60}s"


def _retry_headers(retry_after_ms: int | None, *, retryable: bool) -> Iterator[tuple[bytes, bytes]]:
    if retry_after_ms is not None:
        yield b"retry-after", b"%d" % max(1, -(-retry_after_ms // 1000))
        yield b"retry-after-ms", b"%d" % retry_after_ms
    yield b"x-should-retry", b"true" if retryable else b"false"


def _sentence(rule: Rule, retry_after_ms: int | None, *, unavailable: bool) -> str:
    if unavailable:
        return f"The limit '{rule.title}' can't be checked at the moment, so nothing passes; try again shortly."
    then = "" if retry_after_ms is None else f" Try again in {duration(retry_after_ms)}."
    kind = "budget" if rule.is_budget else "limit"
    return f"The {kind} '{rule.title}' of {words_of(rule)} is reached.{then}"
