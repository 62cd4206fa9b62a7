"""What to do after a failure: try again, wait how long, or let the caller know."""

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from apps.gateway.domain.policy import TRANSIENT, FailureKind, Policy, Retries

# Where the same target is the wrong one to ask again as long as there is another.
CROWDED = frozenset[FailureKind](("rate_limited", "overloaded", "busy"))
_BY_STATUS: dict[int, FailureKind] = {
    401: "credential", 403: "credential", 404: "not_found", 408: "timeout", 429: "rate_limited", 503: "overloaded",
    504: "timeout", 529: "overloaded",
}  # fmt: skip
CONTEXT_CODES = frozenset(("context_length_exceeded", "string_above_max_length"))
FILTER_CODES = frozenset(("content_filter", "content_policy_violation"))
LONGEST_RETRY_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Failure:
    """kind: None for what is the caller's own doing. retry_after: seconds that the provider asked for."""

    kind: FailureKind | None
    retry_after: float | None = None


def kind_of_status(status: int, code: str | None) -> FailureKind | None:
    """Of an answer that is no 200; None where asking again or elsewhere can't help."""
    if code in CONTEXT_CODES:
        return "context_length"
    if code in FILTER_CODES:
        return "content_filter"
    return _BY_STATUS.get(status) or ("server_error" if status >= 500 else None)


def read_retry_after(retry_after: bytes | None, retry_after_ms: bytes | None, now: float) -> float | None:
    """Seconds, at most an hour; None for what can't be read. now: Unix seconds, for HTTP dates."""
    for text, unit in ((retry_after_ms, 1000.0), (retry_after, 1.0)):
        if text is not None and (seconds := _number(text, unit)) is not None:
            return min(seconds, LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime((retry_after or b"").decode("latin-1")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(moment - now, 0.0), LONGEST_RETRY_AFTER)


def _number(text: bytes, unit: float) -> float | None:
    try:
        seconds = float(text) / unit
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


class RetryBudget:
    """Retries may be a share of the requests and no more, so that a provider in trouble isn't buried under them.

    As Finagle's RetryBudget: each request puts a part of a token in, each retry takes one out; each second adds some,
    so that few requests are tried again like many. Times are monotonic seconds.
    """

    __slots__ = ("_at", "_per_second", "_share", "_tokens", "most")

    def __init__(self, share: float = 0.2, per_second: float = 10.0, most: float = 100.0) -> None:
        self._share, self._per_second, self.most = share, per_second, most
        self._tokens, self._at = per_second, 0.0

    def requested(self, now: float) -> None:
        waited = now - self._at if self._at else 0.0
        self._at = now
        self._tokens = min(self.most, self._tokens + self._share + waited * self._per_second)

    def take(self) -> bool:
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def attempts_left(retries: Retries, by_client: int) -> int:
    """Further tries: those that the caller's own client made already count."""
    return max(0, retries.attempts - by_client)


def next_target(policy: Policy, failure: Failure) -> bool:
    """Whether the next target may be asked."""
    return failure.kind is not None and failure.kind in policy.fallback_on


def pause(retries: Retries, failure: Failure, tried: int, chance: random.Random) -> float | None:
    """Seconds to wait before the same target is asked again, for the `tried`-th time; None not to.

    Exponential with full jitter, and never shorter than the provider wishes.
    """
    if failure.kind is None or failure.kind not in TRANSIENT:
        return None
    highest = min(retries.max_ms, retries.base_ms * 2 ** (tried - 1)) / 1000
    waited = chance.uniform(0, highest)
    if failure.retry_after is None:
        return waited
    if failure.retry_after * 1000 > retries.max_retry_after_ms:
        return None
    return failure.retry_after + min(waited, 0.25)
