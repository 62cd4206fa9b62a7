"""When a second target is asked although the first has not failed."""

from apps.gateway.domain.health import Health
from apps.gateway.domain.policy import Hedge


def hedge_delay(hedge: Hedge, health: Health) -> float:
    """Seconds after which the first target is slower than it usually is; the longest wait while little is known."""
    usual = health.first_content.percentile(hedge.after_percentile)
    if usual is None:
        return hedge.max_ms / 1000
    return min(max(usual, hedge.min_ms / 1000), hedge.max_ms / 1000)


class HedgeShare:
    """Hedges may be a share of the requests: when everything is slow, asking twice makes it worse."""

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens = 1.0

    def requested(self, hedge: Hedge) -> None:
        self._tokens = min(10.0, self._tokens + hedge.max_share)

    def take(self) -> bool:
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
