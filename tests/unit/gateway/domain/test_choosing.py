"""Which targets are tried, and in which order."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.domain.choosing import Facts, choose, excluded
from apps.gateway.domain.health import Health
from apps.gateway.domain.policy import Breaker, parse_policy

NOW = 1000.0


def policy_of(*targets, **members):
    return parse_policy({"targets": list(targets), **members}, "a")


def models(*names, **weights):
    return [{"model": name, "weight": weights.get(name, 1)} for name in names]


def order(policy, facts=None, healths=None, seed=1) -> list[int]:
    healths = healths or [Health() for _ in policy.targets]
    return [choice.index for choice in choose(policy, facts or Facts(), healths, NOW, random.Random(seed))]


def is_share(count: int, of: int, expected: float) -> bool:
    """Within four standard deviations of the binomial distribution: off by chance once in 15,000 times."""
    return abs(count - of * expected) <= 4 * math.sqrt(of * expected * (1 - expected))


def slow(seconds: float, in_flight: int = 0) -> Health:
    health = Health()
    health.succeeded(NOW, seconds, Breaker())
    health.in_flight = in_flight
    return health


def test_ordered_targets_are_tried_in_their_order():
    assert order(policy_of(*models("a", "b", "c"))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ({"field": "user", "op": "equals", "value": "ada"}, Facts(user="ada"), True),
        ({"field": "user", "op": "not", "value": "ada"}, Facts(user="ada"), False),
        ({"field": "metadata.tier", "op": "in", "value": ["gold"]}, Facts(metadata={"tier": "gold"}), True),
        ({"field": "metadata.tier", "op": "equals", "value": "gold"}, Facts(), False),
        ({"field": "environment", "op": "prefix", "value": "prod"}, Facts(environment="production"), True),
        ({"field": "tokens", "op": "at_least", "value": 1000}, Facts(tokens=lambda: 999), False),
        ({"field": "tokens", "op": "at_most", "value": 1000}, Facts(tokens=lambda: 999), True),
        ({"field": "metadata.age", "op": "at_least", "value": 18}, Facts(metadata={"age": "old"}), False),
        ({"field": "streaming", "op": "equals", "value": True}, Facts(streaming=True), True),
    ],
)
def test_conditions_decide_who_is_asked_at_all(condition, facts, holds):
    policy = policy_of({"model": "a", "when": [condition]}, {"model": "b"})
    assert order(policy, facts) == ([0, 1] if holds else [1])
    assert [index for index, _ in excluded(policy, facts)] == ([] if holds else [0])


def test_the_dry_run_says_which_condition_does_not_hold():
    condition = {"field": "metadata.tier", "op": "equals", "value": "gold"}
    policy = policy_of({"model": "a", "when": [condition]}, {"model": "b"})
    assert excluded(policy, Facts()) == [(0, "metadata.tier = gold does not hold")]


def test_weights_are_shares():
    policy = policy_of(*models("a", "b", a=3, b=1), strategy="weighted")
    first = Counter(order(policy, seed=seed)[0] for seed in range(4000))
    assert is_share(first[0], 4000, 0.75)


def test_a_weight_of_nothing_is_for_when_the_others_failed():
    policy = policy_of(*models("a", "b", a=0), strategy="weighted")
    assert {tuple(order(policy, seed=seed)) for seed in range(50)} == {(1, 0)}


def test_the_least_busy_comes_first():
    policy = policy_of(*models("a", "b", "c"), strategy="least_busy")
    assert order(policy, healths=[slow(1, 3), slow(1, 1), slow(1, 2)]) == [1, 2, 0]


def test_of_two_by_chance_the_quicker_is_taken():
    policy = policy_of(*models("a", "b", "c"), strategy="fastest")
    healths = [slow(0.1), slow(0.2), slow(9.0)]
    first = Counter(order(policy, healths=healths, seed=seed)[0] for seed in range(3000))
    assert first[2] == 0  # whoever it is drawn with is quicker
    assert is_share(first[0], 3000, 2 / 3)


def test_load_spreads_over_equal_targets_and_leaves_a_slow_one_alone():
    """A deterministic simulation: requests come one a tick and take their target's time."""
    chance, policy = random.Random(7), policy_of(*models("a", "b", "c"), strategy="fastest")
    takes, healths, served = [5, 5, 50], [Health() for _ in range(3)], Counter()
    running: list[tuple[int, int]] = []
    for tick in range(3000):
        now = NOW + tick * 0.01
        for done in [each for each in running if each[0] <= tick]:
            running.remove(done)
            healths[done[1]].succeeded(now, takes[done[1]] * 0.01, Breaker())
            healths[done[1]].ended()
        index = choose(policy, Facts(), healths, now, chance)[0].index
        healths[index].begin(now)
        running.append((tick + takes[index], index))
        served[index] += 1
    assert served[2] < 3000 / 3 / 3
    assert 0.7 < served[0] / served[1] < 1.4


def test_whoever_has_to_be_left_alone_comes_last_and_soonest_first():
    policy = policy_of(*models("a", "b", "c"))
    healths = [Health(), Health(), Health()]
    healths[0].cool_down(NOW, 9)
    healths[1].cool_down(NOW, 3)
    chosen = choose(policy, Facts(), healths, NOW, random.Random(1))
    assert [(choice.index, choice.usable) for choice in chosen] == [(2, True), (1, False), (0, False)]
    assert chosen[1].why == "the provider asked for 3.0 s without requests"


def test_the_last_target_is_never_locked_out():
    policy = policy_of(*models("a", "b"))
    healths = [Health(), Health()]
    for health in healths:
        health.cool_down(NOW, 9)
    assert order(policy, healths=healths) == [0, 1]
    assert order(policy_of({"model": "a"}), healths=healths[:1]) == [0]


@given(st.text(min_size=1), st.integers(0, 1000))
def test_a_session_stays_where_it_is_at_home(session, seed):
    policy = policy_of(*models("a", "b", "c"), affinity="session", strategy="weighted")
    facts = Facts(session=session)
    assert order(policy, facts, seed=seed) == order(policy, facts, seed=seed + 1)


def test_a_new_target_takes_its_share_and_moves_nobody_else():
    before = policy_of(*models("a", "b", "c"), affinity="user")
    after = policy_of(*models("a", "b", "c", "d"), affinity="user")
    users = [Facts(user=f"user-{number}") for number in range(2000)]
    homes = [(order(before, user)[0], order(after, user)[0]) for user in users]
    moved = [new for old, new in homes if old != new]
    assert set(moved) == {3}
    assert is_share(len(moved), 2000, 0.25)


def test_homes_follow_the_weights():
    policy = policy_of(*models("a", "b", a=3), affinity="user", strategy="weighted")
    first = Counter(order(policy, Facts(user=f"user-{number}"))[0] for number in range(2000))
    assert is_share(first[0], 2000, 0.75)


def test_whoever_says_nothing_is_chosen_for_by_the_strategy():
    policy = policy_of(*models("a", "b"), affinity="user")
    assert order(policy, Facts()) == [0, 1]
