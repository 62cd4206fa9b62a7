"""A lease's arithmetic: whatever happens in whatever order, the process never uses more than Redis was told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from apps.limits.domain.admission import Admission
from apps.limits.domain.leases import Known, Lease
from apps.limits.domain.rules import Away, Metric
from tests.factories.limits import make_rule

VALUE = 1_000
AMOUNTS = st.integers(1, 60)


class CounterAndLeases(RuleBasedStateMachine):
    """A counter as Redis keeps it, and two processes; requests use at most what they reserved."""

    @initialize()
    def begin(self):
        limit = make_rule(Metric.TOKENS, VALUE)
        self.leases = [Lease(limit, "", 0) for _ in range(2)]
        self.held, self.seen, self.settled = [0, 0], [0, 0], 0
        self.running: list[tuple[Lease, int]] = []
        self.under_way: list[tuple[int, object, int]] = []

    def used(self) -> int:
        return sum(self.held) + sum(self.seen)

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def take_locally(self, who, amount):
        lease = self.leases[who]
        if lease.free >= amount:
            lease.take(amount)
            self.running.append((lease, amount))

    @rule(who=st.integers(0, 1), asked=st.sampled_from([0, 0, 1, 20, 60]), wanted=st.integers(0, 200))
    def tell(self, who, asked, wanted):
        if any(who == other for other, *_ in self.under_way):
            return
        lease = self.leases[who]
        told = lease.tell(asked)
        least = self.used() - self.held[who] + told.spent - self.seen[who] + told.reserved
        granted = asked if least + asked <= VALUE else 0
        extra = min(wanted, (VALUE - least - granted) // 10)
        self.held[who], self.seen[who] = told.reserved + granted + extra, told.spent
        self.under_way.append((who, told, granted))

    @rule()
    def hear(self):
        if self.under_way:
            who, told, granted = self.under_way.pop(0)
            known = Known("1", 0, self.held[who], self.used(), 0, False)
            self.leases[who].learn(told, known, granted, 0.0)
            if granted:
                self.running.append((self.leases[who], granted))

    @rule(part=st.floats(0, 1))
    def settle(self, part):
        if self.running:
            lease, amount = self.running.pop(0)
            actual = int(amount * part)
            lease.settle(amount, actual)
            self.settled += actual

    @invariant()
    def redis_knows_of_everything(self):
        for who, lease in enumerate(self.leases):
            pending = [(told, granted) for other, told, granted in self.under_way if other == who]
            have = lease.free + lease.reserved + lease.spent
            known = self.held[who] + self.seen[who]
            # Of an answer that is under way, the process knows only what it reserved before.
            assert have <= known if pending else have == known

    @invariant()
    def nobody_uses_more_than_there_is(self):
        assert self.settled + sum(amount for _, amount in self.running) <= self.used() <= VALUE


TestCounterAndLeases = CounterAndLeases.TestCase


def leased(metric=Metric.TOKENS, free=100, **fields):
    lease = Lease(make_rule(metric, VALUE, **fields), "", 0)
    lease.learn(lease.tell(0), Known("1", 0, free, free, 0, False), 0, 0.0)
    return lease


def test_an_exchange_that_failed_leaves_what_was_free():
    lease = leased()
    lease.tell(0)
    assert lease.free == 0
    lease.forget()
    assert lease.free == 100


def test_later_figures_of_a_request_replace_the_earlier_ones():
    lease = leased()
    lease.take(50)
    admission = Admission([(lease, 50)], {}, 0.0)
    for tokens in (20, 45, 30):
        admission.settle(tokens, 0)
    admission.release()
    admission.settle(99, 0)
    assert (lease.reserved, lease.spent, lease.free) == (0, 30, 70)


def test_what_was_used_beyond_the_reservation_is_owed():
    lease = leased(free=50)
    lease.take(50)
    lease.settle(50, 80)
    assert lease.free == -30
    assert lease.tell(0)[:2] == (80, 0)


def test_slices_follow_the_rate_and_end_with_it():
    lease = leased()
    lease.take(60)
    assert lease.tell(0).wanted == 120  # twice as much as at once
    for _ in range(20):
        lease.asked = 500
        lease.beat(1.0)
    assert 950 <= lease.tell(0).wanted <= 1000  # two seconds of 500 a second
    for _ in range(20):
        lease.beat(1.0)
    assert lease.tell(0).wanted == 0


@given(rate=st.integers(0, 10**9), seconds=st.floats(0, 100))
def test_no_rate_makes_a_slice_negative(rate, seconds):
    lease = leased()
    lease.asked = rate
    lease.beat(seconds)
    assert lease.tell(0).wanted >= 0


@pytest.mark.parametrize(
    ("away", "passes"), [(Away.OPEN, [True, True, True]), (Away.CLOSED, [False] * 3), (Away.LEASE, [True, True, False])]
)
def test_without_redis_a_limit_does_as_its_setting_says(away, passes):
    lease = leased(free=100, away=away, share=0.05)
    assert [lease.may_go_on(amount) for amount in (100, 150, 151)] == passes


def test_a_small_limit_has_a_local_share_too():
    assert make_rule(value=10, share=0.01).local_share() == 1
    assert make_rule(value=0, share=0.01).local_share() == 0
