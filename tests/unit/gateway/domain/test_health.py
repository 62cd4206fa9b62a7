"""What is remembered of a target, and when it is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.domain.health import LEAST_SAMPLES, Health, Histogram
from apps.gateway.domain.hedging import HedgeShare, hedge_delay
from apps.gateway.domain.policy import Breaker, Hedge

BREAKER = Breaker(failure_rate=0.5, minimum=4, window_s=10, cooldown_s=5)


def fail(health: Health, now: float, times: int = 1) -> None:
    for _ in range(times):
        health.begin(now)
        health.failed(now, BREAKER)
        health.ended()


def succeed(health: Health, now: float, times: int = 1) -> None:
    for _ in range(times):
        health.begin(now)
        health.succeeded(now, 0.1, BREAKER)
        health.ended()


def test_a_target_that_fails_too_often_is_left_alone_for_a_while():
    health = Health()
    fail(health, 100.0, 3)
    assert not health.left_alone(100.0)
    fail(health, 100.0)
    assert health.left_alone(100.0) == 5.0
    assert "failed too often" in health.why_left_alone(100.0)
    assert not health.left_alone(105.0)


def test_few_failures_among_many_answers_are_nothing():
    health = Health()
    succeed(health, 100.0, 20)
    fail(health, 100.0, 10)
    assert not health.left_alone(100.0)


def test_failures_are_forgotten_after_the_window():
    health = Health()
    fail(health, 100.0, 3)
    fail(health, 111.0, 3)
    assert not health.left_alone(111.0)


def test_one_request_tries_whether_it_is_back():
    health = Health()
    fail(health, 100.0, 4)
    health.begin(106.0)
    assert health.left_alone(106.0), "the others wait for its result"
    health.succeeded(106.5, 0.5, BREAKER)
    assert not health.left_alone(106.5)


def test_a_trial_that_fails_begins_the_wait_anew():
    health = Health()
    fail(health, 100.0, 4)
    fail(health, 106.0)
    assert health.left_alone(106.0) == 5.0


def test_a_trial_that_tells_nothing_leaves_the_way_open():
    health = Health()
    fail(health, 100.0, 4)
    health.begin(106.0)
    health.gave_up()
    health.ended()
    assert not health.left_alone(106.0)


def test_a_wait_that_the_provider_asked_for_is_kept():
    health = Health()
    health.cool_down(100.0, 7.0)
    health.cool_down(100.0, 2.0)
    assert health.left_alone(103.0) == 4.0


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=200))
def test_no_order_of_events_loses_count(events):
    health = Health()
    for now, good in sorted(events):
        (succeed if good else fail)(health, now)
    assert health.in_flight == 0
    assert 0 <= health.left_alone(200.0) <= BREAKER.cooldown_s


def test_the_expected_load_jumps_up_and_comes_down_slowly():
    health = Health()
    health.succeeded(100.0, 0.1, BREAKER)
    health.succeeded(101.0, 2.0, BREAKER)
    assert health.load(101.0) == 2.0
    health.succeeded(102.0, 0.1, BREAKER)
    assert 1.5 < health.load(102.0) < 2.0
    assert health.load(200.0) < 0.01
    health.in_flight = 3
    assert health.load(102.0) > 4 * 1.5


@given(st.lists(st.floats(0.001, 300), min_size=LEAST_SAMPLES, max_size=300))
def test_a_percentile_is_right_to_the_width_of_its_bucket(times):
    histogram = Histogram()
    for seconds in times:
        histogram.add(seconds)
    exact = sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]
    assert exact * 0.999 <= histogram.percentile(95) <= exact * 1.16


def test_little_is_not_enough_to_tell_what_is_usual():
    histogram = Histogram()
    histogram.add(1.0)
    assert histogram.percentile(95) is None


def test_old_times_weigh_less():
    histogram = Histogram()
    for _ in range(1500):
        histogram.add(10.0)
    for _ in range(6000):
        histogram.add(0.1)
    assert histogram.percentile(90) < 0.12


def test_a_hedge_waits_as_long_as_is_usual_within_its_limits():
    health, hedge = Health(), Hedge(min_ms=100, max_ms=1000)
    assert hedge_delay(hedge, health) == 1.0
    for _ in range(50):
        health.succeeded(1.0, 0.3, BREAKER)
    assert 0.3 <= hedge_delay(hedge, health) <= 0.35
    for _ in range(2000):
        health.succeeded(1.0, 0.01, BREAKER)
    assert hedge_delay(hedge, health) == 0.1


def test_hedges_are_a_share_of_the_requests():
    share, hedge = HedgeShare(), Hedge(max_share=0.05)
    taken = 0
    for _ in range(1000):
        share.requested(hedge)
        taken += share.take()
    assert 50 <= taken <= 51
