"""What one process holds of one counter, and the arithmetic of it.

Redis knows of every process how much it holds and how much of what it held is spent; both count as used. Within that,
the process decides alone. At any moment `reserved + free + spent` is what Redis was last told, so that nothing is
granted twice, whoever asks while an exchange with Redis is under way.
"""

from typing import NamedTuple

from apps.limits.domain.rules import Away, Metric, Rule

# How long a slice should last at the present rate.
SLICE_SECONDS = 2.0
RATE_SMOOTHING = 0.5
SLOT_SMOOTHING = 0.1
# Slots are given back once fewer requests a second come than this.
SLOWEST_RATE = 0.05


class Known(NamedTuple):
    """What Redis says of a counter after an exchange.

    epoch: another one once the counter started anew, "" if it has to be seeded first. end_ms: of its window, 0 without.
    held: by this process. used: by all, with all that is held. spare: what could be had if every process gave back
    what it can. due: 1 if this process is to reconcile the counter with the ledger.
    """

    epoch: str
    end_ms: int
    held: int
    used: int
    spare: int
    due: int


class Told(NamedTuple):
    """What Redis is told of a lease. wanted: how much to hold beyond what is reserved."""

    spent: int
    reserved: int
    wanted: int


class Lease:
    """Amounts in the metric's unit; free may be negative: more was used than was held. until: monotonic seconds.

    rate: asked for in a second, smoothed. typical: the last request's. room: what nobody used or held at the last
    exchange. slot_s: how long requests last, smoothed. idle_beats: since it was asked for anything.
    """

    __slots__ = (
        "_asked_before",
        "_stash",
        "asked",
        "end_ms",
        "epoch",
        "free",
        "held",
        "idle_beats",
        "rate",
        "reserved",
        "room",
        "rule",
        "seen",
        "slot_s",
        "spare",
        "spent",
        "typical",
        "until",
        "user",
    )

    def __init__(self, rule: Rule, user: str, end_ms: int) -> None:
        self.rule, self.user, self.end_ms = rule, user, end_ms
        self.free = self.reserved = self.spent = self.asked = self.held = self.seen = self.typical = 0
        self._asked_before = self._stash = self.idle_beats = 0
        self.rate = self.slot_s = self.until = 0.0
        self.epoch = ""
        self.room = self.spare = rule.value

    def take(self, amount: int) -> None:
        self.reserved += amount
        self.free -= amount
        self.asked += amount

    def settle(self, amount: int, actual: int) -> None:
        """What was reserved as `amount` turned out to be `actual`."""
        self.reserved -= amount
        self.spent += actual
        self.free += amount - actual

    def correct(self, more: int) -> None:
        """Something settled was more (or less) than it was settled as."""
        self.spent += more
        self.free -= more

    def tell(self, asked: int) -> Told:
        """What to tell Redis, with `asked` on top; until `learn` or `forget` nobody can take from what was free."""
        told = Told(self.spent, self.reserved, self._wanted(asked))
        self._stash, self.free, self._asked_before = self.free, 0, self.asked + asked
        return told

    def learn(self, told: Told, known: Known, granted: int, until: float) -> None:
        """Redis took note; of what was asked, it granted `granted`."""
        self.reserved += granted
        self.asked += granted
        self.free += known.held - told.reserved - granted
        self.epoch, self.end_ms, self.held, self.seen, self.until = (
            known.epoch,
            known.end_ms,
            known.held,
            told.spent,
            until,
        )
        self.room, self.spare = self.rule.value - known.used, known.spare
        self._stash = 0

    def forget(self) -> None:
        """Nothing came back from Redis: what was free is free."""
        self.free += self._stash
        self._stash = 0

    def beat(self, seconds: float) -> None:
        """Adapt to the rate since the last beat, `seconds` ago."""
        self.rate += (self.asked / max(seconds, 1e-3) - self.rate) * RATE_SMOOTHING
        self.idle_beats = 0 if self.asked else self.idle_beats + 1
        self.asked = self._asked_before = 0

    def note_duration(self, seconds: float) -> None:
        self.slot_s += (seconds - self.slot_s) * (SLOT_SMOOTHING if self.slot_s else 1)

    def calm(self) -> None:
        """Want no slices any more."""
        self.rate = 0.0
        self.asked = self._asked_before = 0

    def may_go_on(self, amount: int) -> bool:
        """While Redis is away: whether this process may let `amount` pass on its own."""
        away = self.rule.away
        return away is Away.OPEN or (away is Away.LEASE and amount - self.free <= self.rule.local_share())

    def is_idle(self) -> bool:
        """Nothing is held, and Redis knows everything."""
        return not (self.held or self.reserved or self.free or self.spent != self.seen)

    def is_news(self, renew_before: float) -> bool:
        """Whether Redis should hear of this lease: something changed, or it would run out."""
        changed = self.spent != self.seen or self.held != self.reserved
        return changed or (self.held > 0 and self.until < renew_before)

    def successor(self, end_ms: int) -> "Lease":
        """For the next window. Whoever took from this one settles with this one."""
        new = Lease(self.rule, self.user, end_ms)
        new.rate, new.typical, new.slot_s = self.rate, self.typical, self.slot_s
        return new

    def _wanted(self, asked: int) -> int:
        """Enough for SLICE_SECONDS; for somebody who has only begun, twice what was taken since the last exchange."""
        recent = self.asked - self._asked_before + asked
        if self.rule.metric is Metric.CONCURRENCY:
            return max(1, (self.reserved + asked) // 2) if recent > 0 or self.rate > SLOWEST_RATE else 0
        return max(int(self.rate * SLICE_SECONDS), 2 * recent)
