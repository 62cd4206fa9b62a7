"""Everything that one process holds, and Redis' time, which decides about windows."""

import time
from collections.abc import Iterator
from time import monotonic

from apps.limits.domain.leases import Lease
from apps.limits.domain.rules import Away, Rule
from apps.limits.domain.windows import bounds

Key = str | tuple[str, str]
# Beats without a request after which a lease that holds nothing is forgotten.
IDLE_BEATS = 60


class RedisClock:
    """Redis' time as of its last answer, advanced by the monotonic clock: behind it by no more than a round trip.

    Before the first answer it is the time of this machine.
    """

    def __init__(self) -> None:
        self._offset_ms = time.time() * 1000 - monotonic() * 1000

    def now_ms(self) -> int:
        return int(monotonic() * 1000 + self._offset_ms)

    def learn(self, now_ms: int) -> None:
        self._offset_ms = now_ms - monotonic() * 1000


class Holdings:
    def __init__(self, clock: RedisClock) -> None:
        self.clock = clock
        self.by_key: dict[Key, Lease] = {}

    def __iter__(self) -> Iterator[Lease]:
        return iter(list(self.by_key.values()))

    def lease(self, rule: Rule, user: str) -> Lease:
        """The lease of the window that is running; an empty one if there was none."""
        key = key_of(rule, user)
        lease, now_ms = self.by_key.get(key), self.clock.now_ms()
        if lease is None:
            end_ms = bounds(rule.window, now_ms).end
            lease = self.by_key[key] = Lease(rule, user if rule.each_user else "", end_ms)
        elif lease.end_ms and lease.end_ms <= now_ms:
            lease = self.roll(lease, bounds(rule.window, now_ms).end)
        lease.rule = rule
        return lease

    def current(self, lease: Lease) -> Lease:
        """The one that took the place of `lease`, or itself."""
        return self.by_key.setdefault(key_of(lease.rule, lease.user), lease)

    def roll(self, lease: Lease, end_ms: int) -> Lease:
        """Replace a lease whose window is over."""
        key = key_of(lease.rule, lease.user)
        present = self.by_key.get(key)
        if present is not None and present is not lease and present.end_ms == end_ms:
            return present
        new = self.by_key[key] = lease.successor(end_ms)
        return new

    def close_the_closed(self) -> None:
        """Redis went away: what has to close then doesn't go on with what was leased either."""
        for lease in self:
            if lease.rule.away is Away.CLOSED:
                lease.until = 0.0

    def sweep(self) -> None:
        """Forget what holds nothing and was asked for by nobody for a while."""
        now_ms = self.clock.now_ms()
        for key, lease in list(self.by_key.items()):
            over = 0 < lease.end_ms <= now_ms
            if lease.idle_beats >= IDLE_BEATS and (over or lease.is_idle()):
                del self.by_key[key]


def key_of(rule: Rule, user: str) -> Key:
    return (rule.counter, user) if rule.each_user else rule.counter
