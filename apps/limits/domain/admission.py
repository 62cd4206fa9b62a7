"""A request that was let in: what it took, and giving back what it didn't use."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from apps.limits.domain.leases import Lease
from apps.limits.domain.refusals import Headers, rate_headers
from apps.limits.domain.rules import Metric, Rule

Part = tuple[Lease, int]


class Admission:
    """Belongs to the event loop that made it. `settle` once it is known what was used, `release` at the very end.

    Both may be called again; nothing happens after a release. Whoever forgets to release is released by the Limiter's
    tick, and then what was reserved counts as used.
    """

    __slots__ = ("_open", "_settled", "began", "parts")

    def __init__(self, parts: Sequence[Part], open_ones: "dict[Admission, Any] | None", began: float) -> None:
        self.parts, self.began = parts, began
        self._settled: tuple[int, int] | None = None
        self._open = open_ones
        if open_ones is not None:
            open_ones[self] = None

    @property
    def released(self) -> bool:
        return self._open is None

    @property
    def over(self) -> list[Rule]:
        """The soft limits among those that this request went past."""
        return [lease.rule for lease, _ in self.parts if not lease.rule.hard and lease.room + lease.free < 0]

    def headers(self, now_ms: int) -> Headers:
        """`x-ratelimit-…`, as far as there are such limits."""
        return rate_headers((lease for lease, _ in self.parts), now_ms)

    def settle(self, tokens: int, cost_nano: int) -> None:
        """What the request has used in truth; called again, the last figures hold."""
        if self._open is None:
            return
        before = self._settled
        for lease, amount in self.parts:
            metric = lease.rule.metric
            if metric is Metric.TOKENS:
                actual, last = tokens, before and before[0]
            elif metric is Metric.COST:
                actual, last = cost_nano, before and before[1]
            else:
                continue
            if last is None:
                lease.settle(amount, actual)
            else:
                lease.correct(actual - last)
        self._settled = (tokens, cost_nano)

    def release(self) -> None:
        """Free the slot, and what was reserved and not used; a request that was never settled has used nothing."""
        open_ones = self._open
        if open_ones is None:
            return
        if self._settled is None:
            self.settle(0, 0)
        self._open = None
        del open_ones[self]
        for lease, amount in self.parts:
            metric = lease.rule.metric
            if metric is Metric.REQUESTS:
                lease.settle(amount, amount)
            elif metric is Metric.CONCURRENCY:
                lease.settle(amount, 0)
                lease.note_duration(monotonic() - self.began)

    def expire(self) -> None:
        """Nobody released it: what was reserved counts as used."""
        if self._settled is None:
            amounts = {lease.rule.metric: amount for lease, amount in self.parts}
            self.settle(amounts.get(Metric.TOKENS, 0), amounts.get(Metric.COST, 0))
        self.release()


NOTHING_LIMITED = Admission((), None, 0.0)
