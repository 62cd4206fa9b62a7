"""Route policies: what is read, what is refused and where, and what they are in words."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.domain.describing import describe
from apps.gateway.domain.policy import PolicyInvalid, default_policy, parse_policy, to_json, with_first_target

GOLD = {"field": "metadata.tier", "op": "equals", "value": "gold"}
TWO = [{"model": "a"}, {"model": "b"}]
FULL = {
    "targets": [{"model": "a", "weight": 3, "when": [GOLD], "max_concurrency": 8}, {"model": "b"}],
    "strategy": "weighted",
    "affinity": "session",
    "retries": {"attempts": 1, "base_ms": 10, "max_ms": 20, "max_retry_after_ms": 500},
    "timeouts": {"connect_ms": 100, "first_token_ms": 2000, "idle_ms": 500, "total_ms": 9000},
    "fallback_on": ["rate_limited", "timeout"],
    "hedge": {"after_percentile": 90, "min_ms": 50, "max_ms": 900, "max_share": 0.1},
    "breaker": {"failure_rate": 0.3, "minimum": 5, "window_s": 10, "cooldown_s": 5},
    "queue": {"size": 3, "timeout_ms": 100},
}


def complaints(**members) -> list[tuple[str, str]]:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(members, "a")
    return caught.value.errors


def test_an_empty_policy_is_the_model_alone():
    assert parse_policy({}, "a") == default_policy("a")
    assert default_policy("a").is_plain
    assert not parse_policy({"targets": TWO}, "a").is_plain


def test_what_is_said_is_read_and_written_back_without_what_is_usual():
    policy = parse_policy(FULL, "a")
    assert policy.targets[0].weight == 3
    assert parse_policy(to_json(policy), "a") == policy
    assert to_json(default_policy("a")) == {"targets": [{"model": "a"}]}


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"targets": []}, "targets"),
        ({"targets": [{"weight": 1}]}, "targets[0]"),
        ({"targets": [{"model": "a", "weight": -1}]}, "targets[0].weight"),
        ({"targets": [{"model": "a", "when": [GOLD]}]}, "targets"),
        ({"targets": [*TWO, {"model": "c", "when": [GOLD | {"field": "height"}]}]}, "targets[2].when[0].field"),
        ({"targets": [*TWO, {"model": "c", "when": [GOLD | {"op": "in"}]}]}, "targets[2].when[0].value"),
        ({"targets": [*TWO, {"model": "c", "when": [GOLD | {"op": "at_least"}]}]}, "targets[2].when[0].value"),
        ({"targets": [*TWO, {"model": "c", "when": [GOLD | {"op": "like"}]}]}, "targets[2].when[0].op"),
        ({"strategy": "random"}, "strategy"),
        ({"strategy": "weighted", "targets": [{"model": "a", "weight": 0}, {"model": "b", "weight": 0}]}, "targets"),
        ({"retries": {"attempts": 11}}, "retries.attempts"),
        ({"retries": {"base_ms": 500, "max_ms": 100}}, "retries.base_ms"),
        ({"timeouts": {"connect_ms": 0}}, "timeouts.connect_ms"),
        ({"fallback_on": ["rain"]}, "fallback_on[0]"),
        ({"hedge": {}}, "hedge"),
        ({"hedge": {"min_ms": 900, "max_ms": 100}, "targets": TWO}, "hedge.min_ms"),
        ({"tragets": TWO}, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(members, place):
    errors = complaints(**members)
    assert place in [where for where, _ in errors]
    assert all(sentence.endswith(".") for _, sentence in errors)


def test_several_mistakes_are_told_together():
    errors = complaints(retries={"base_ms": 500, "max_ms": 100}, hedge={"min_ms": 900, "max_ms": 100})
    assert [place for place, _ in errors] == ["retries.base_ms", "hedge.min_ms", "hedge"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "model", "when"]), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*FULL, "other"]), anything))
def test_no_json_whatsoever_raises_anything_else(given_policy):
    with contextlib.suppress(PolicyInvalid):
        policy = parse_policy(given_policy, "a")
        assert parse_policy(json.loads(json.dumps(to_json(policy))), "a") == policy


def test_a_policy_is_told_in_words():
    words = "\n".join(describe(parse_policy(FULL, "a")))
    assert "target a, weight 3, at most 8 at once per gateway process, when metadata.tier = gold" in words
    assert "for 10% of the requests at most" in words
    assert "next target after: rate_limited, timeout" in words
    assert "time limit first token: 2000 ms" in words


def test_another_model_takes_the_first_place_and_keeps_its_conditions():
    policy = {"targets": [{"model": "a", "weight": 3}, {"model": "b"}, {"model": "c"}], "strategy": "weighted"}
    assert with_first_target(policy, "b") == {
        "targets": [{"model": "b", "weight": 3}, {"model": "c"}],
        "strategy": "weighted",
    }
    assert with_first_target({"retries": {"attempts": 0}}, "b") == {"retries": {"attempts": 0}}
