"""How a target fares, as one gateway process sees it. Times are monotonic seconds, passed in."""

import math

from apps.gateway.domain.policy import Breaker

SLOTS = 10  # of the breaker's window
DECAY_SECONDS = 10.0
HISTOGRAM_BUCKETS = 96
HISTOGRAM_GROWTH = math.log(1.15)  # from 1 ms to about 11 minutes
HISTOGRAM_KEPT = 2_000  # samples, after which all counts are halved: the newer ones weigh more
LEAST_SAMPLES = 20


class Histogram:
    """Times until the first content, in buckets 15 % wide."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * HISTOGRAM_BUCKETS
        self.total = 0

    def add(self, seconds: float) -> None:
        place = int(math.log(max(seconds * 1000, 1.0)) / HISTOGRAM_GROWTH)
        self.counts[min(place, HISTOGRAM_BUCKETS - 1)] += 1
        self.total += 1
        if self.total > HISTOGRAM_KEPT:
            self.counts = [count // 2 for count in self.counts]
            self.total = sum(self.counts)

    def percentile(self, percent: int) -> float | None:
        """Seconds, the upper end of its bucket; None while too little is known."""
        if self.total < LEAST_SAMPLES:
            return None
        wanted, seen = self.total * percent / 100, 0
        for place, count in enumerate(self.counts):
            seen += count
            if seen >= wanted:
                return math.exp((place + 1) * HISTOGRAM_GROWTH) / 1000
        return None


class Health:
    """Of one target: requests under way, how long it takes, and whether it should be left alone.

    The cost is Finagle's peak EWMA: it jumps to every slower answer at once and forgets with time.
    """

    __slots__ = (
        "_at",
        "_cool_until",
        "_cost",
        "_failed",
        "_ok",
        "_open_until",
        "_probing",
        "_slot",
        "first_content",
        "in_flight",
    )  # fmt: skip

    def __init__(self) -> None:
        self.in_flight = 0
        self.first_content = Histogram()
        self._cost, self._at = 0.0, 0.0
        self._ok, self._failed = [0] * SLOTS, [0] * SLOTS
        self._slot = 0
        self._cool_until = self._open_until = 0.0
        self._probing = False

    def load(self, now: float) -> float:
        """What one more request may expect, in seconds times requests."""
        return self._cost * math.exp((self._at - now) / DECAY_SECONDS) * (self.in_flight + 1)

    def left_alone(self, now: float) -> float:
        """Seconds for which this target should not be asked; 0 when it may."""
        if now < self._cool_until:
            return self._cool_until - now
        if now < self._open_until:
            return self._open_until - now
        # Half open: one request tries, the others stay away until it is back.
        return 1.0 if self._probing and self._open_until else 0.0

    def why_left_alone(self, now: float) -> str:
        """In words, "" when it is not."""
        if now < self._cool_until:
            return f"the provider asked for {self._cool_until - now:.1f} s without requests"
        if now < self._open_until:
            return f"it failed too often and is left alone for {self._open_until - now:.1f} s more"
        return "one request is trying whether it works again" if self.left_alone(now) else ""

    def begin(self, now: float) -> None:
        self.in_flight += 1
        if self._open_until and now >= self._open_until:
            self._probing = True

    def succeeded(self, now: float, seconds: float, breaker: Breaker) -> None:
        """`seconds`: until the first content came."""
        if self._open_until:
            self._close()
        self._ok[self._advance(now, breaker)] += 1
        self.first_content.add(seconds)
        weight = math.exp((self._at - now) / DECAY_SECONDS)
        self._cost = max(seconds, self._cost * weight + seconds * (1 - weight))
        self._at = now

    def failed(self, now: float, breaker: Breaker) -> None:
        self._failed[self._advance(now, breaker)] += 1
        failed = sum(self._failed)
        asked = failed + sum(self._ok)
        often = asked >= breaker.minimum and failed >= breaker.failure_rate * asked
        if often or self._probing:
            self._open_until = now + breaker.cooldown_s
            self._probing = False

    def ended(self) -> None:
        """The request is over, however it went."""
        self.in_flight -= 1

    def gave_up(self) -> None:
        """A request that was to try whether it works again ended without telling."""
        self._probing = False

    def cool_down(self, now: float, seconds: float) -> None:
        """The provider said when it wants to be asked again."""
        self._cool_until = max(self._cool_until, now + seconds)

    def _close(self) -> None:
        self._open_until, self._probing = 0.0, False
        self._ok, self._failed = [0] * SLOTS, [0] * SLOTS

    def _advance(self, now: float, breaker: Breaker) -> int:
        """The slot of this moment; those that time has gone past are emptied."""
        slot = int(now * SLOTS / breaker.window_s)
        for passed in range(max(self._slot + 1, slot - SLOTS + 1), slot + 1):
            self._ok[passed % SLOTS] = self._failed[passed % SLOTS] = 0
        self._slot = max(slot, self._slot)
        return slot % SLOTS
