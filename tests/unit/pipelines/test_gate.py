"""What the gate lets through, and what it says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.pipelines.domain.gate import LEAST_SLICE, Gate, GateProblem, decide, in_words, percent

SHARES = st.floats(0, 1)
DIFFERENCES = st.floats(-1, 1)


def figures(intent, *, valid=1.0):
    return {"fields": {"intent": intent}, "json_valid": valid}


def report(
    *, before=0.5, after=0.8, low=0.1, high=0.5, valid_before=1.0, valid_after=1.0, verdict="better", rows=60, slices=()
):
    """An evaluation's report, as far as the gate looks. slices: (tag, rows, before, after)."""
    return {
        "models": {"new": figures(after, valid=valid_after), "old": figures(before, valid=valid_before)},
        "slices": {
            tag: {"rows": count, "old": {"fields": {"intent": was}}, "new": {"fields": {"intent": now}}}
            for tag, count, was, now in slices
        },
        "comparison": {
            "rows": rows,
            "difference": after - before,
            "interval": [low, high],
            "verdict": verdict,
        },
    }


def decision(gate=None, **fields):
    return decide(report(**fields), gate or Gate(), candidate="new", incumbent="old")


def broken(found):
    return [reason.rule for reason in found.reasons if not reason.held]


def test_what_is_surely_better_passes_and_every_rule_says_so_in_figures():
    found = decision(before=0.61, after=0.85, low=0.12, high=0.36, slices=[("known", 120, 0.97, 0.95)], rows=180)
    assert found.passed
    assert (found.accuracy_before, found.accuracy_after, found.interval) == (0.61, 0.85, (0.12, 0.36))
    assert [reason.text for reason in found.reasons] == [
        "180 rows were compared.",
        "Right on intent: +24.0 points (interval +12.0 to +36.0); the lower end is above 0.0.",
        "100.0 % of the answers are valid JSON; they were 100.0 %.",
        "Of the rows tagged known, 95.0 % are right; before, 97.0 %.",
    ]
    assert found.objections == []


@pytest.mark.parametrize(
    ("low", "gate", "passes"),
    [
        (0.0001, Gate(), True),
        (0.0, Gate(), False),
        (-0.0001, Gate(), False),
        (-0.3, Gate(), False),
        (0.05, Gate(least_gain=0.05), False),
        (0.0501, Gate(least_gain=0.05), True),
    ],
)
def test_the_lower_end_of_the_interval_has_to_lie_above_the_least_gain(low, gate, passes):
    found = decision(gate, low=low)
    assert found.passed is passes
    assert broken(found) == ([] if passes else ["more accurate"])


def test_a_refusal_names_the_interval_and_the_limit():
    (objection,) = decision(Gate(least_gain=0.02), before=0.5, after=0.53, low=-0.04, high=0.1).objections
    assert objection == ("Right on intent: +3.0 points (interval −4.0 to +10.0); the lower end is not above 2.0.")


@pytest.mark.parametrize(("verdict", "passes"), [("better", True), ("no difference", True), ("not enough data", False)])
def test_too_few_rows_refuse_whatever_the_interval_says(verdict, passes):
    found = decision(verdict=verdict, rows=29)
    assert found.passed is passes
    if not passes:
        assert found.objections == ["29 rows were compared, which is not enough to decide."]


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [(1.0, 1.0, True), (0.9, 1.0, True), (1.0, 0.99, True), (0.94, 0.93, True), (1.0, 0.989, False), (0.5, 0.4, False)],
)
def test_valid_json_may_get_rarer_by_the_limit_and_no_more(before, after, passes):
    found = decision(valid_before=before, valid_after=after)
    assert found.passed is passes
    assert broken(found) == ([] if passes else ["valid JSON"])


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    # 0.93 − 0.83 is a little more than 0.1 in binary, and still a loss of ten points.
    [(0.9, 0.9, True), (0.93, 0.83, True), (0.3, 0.2, True), (0.9, 0.799, False), (1.0, 0.0, False)],
)
def test_a_slice_may_lose_the_limit_and_no_more(before, after, passes):
    found = decision(slices=[("known", LEAST_SLICE, before, after)])
    assert found.passed is passes
    assert broken(found) == ([] if passes else ["slice known"])


def test_a_slice_of_few_rows_decides_nothing():
    found = decision(slices=[("rare", LEAST_SLICE - 1, 1.0, 0.0)])
    assert found.passed
    assert all("rare" not in reason.text for reason in found.reasons)


def test_a_slice_whose_answers_lack_the_field_decides_nothing():
    seen = report()
    seen["slices"]["chatter"] = {"rows": 99, "old": {"fields": {}}, "new": {"fields": {}}}
    assert decide(seen, Gate(), candidate="new", incumbent="old").passed


def test_the_gate_looks_at_the_field_that_it_names():
    seen = report(before=0.5, after=0.8)
    for name, share in (("old", 0.2), ("new", 0.4)):
        seen["models"][name]["fields"]["urgency"] = share
    found = decide(seen, Gate(field="urgency"), candidate="new", incumbent="old")
    assert (found.accuracy_before, found.accuracy_after) == (0.2, 0.4)
    assert found.reasons[1].text.startswith("Right on urgency")


@given(before=SHARES, after=SHARES, low=st.floats(-1, 0), high=SHARES, least=SHARES)
def test_no_setting_opens_the_gate_to_what_may_be_no_better(before, after, low, high, least):
    assert not decision(Gate(least_gain=least), before=before, after=after, low=low, high=high).passed


@given(low=DIFFERENCES, valid=SHARES, was=SHARES, now=SHARES, verdict=st.sampled_from(["better", "not enough data"]))
def test_it_opens_only_when_every_rule_holds(low, valid, was, now, verdict):
    found = decision(low=low, valid_after=valid, slices=[("known", 40, was, now)], verdict=verdict)
    assert found.passed == (found.objections == [])
    assert found.passed == (verdict == "better" and low > 0 and 1 - valid <= 0.01 + 1e-9 and was - now <= 0.1 + 1e-9)


def test_a_stored_gate_is_read_back_and_leaves_what_it_does_not_say_as_usual():
    assert Gate.of({}) == Gate()
    assert Gate.of({"least_gain": 0.05}) == Gate(least_gain=0.05)
    assert Gate.of(Gate(field="urgency", most_slice_loss=1).stored()) == Gate(field="urgency", most_slice_loss=1)


@pytest.mark.parametrize(
    ("stored", "field", "words"),
    [
        ({"least_gian": 0.1}, "least_gian", "is not a setting of the gate"),
        ({"field": ""}, "field", "Name the member"),
        ({"field": 3}, "field", "Name the member"),
        ({"least_gain": -0.01}, "least_gain", "a share from 0 to 1"),
        ({"least_gain": 1.01}, "least_gain", "a share from 0 to 1"),
        ({"most_validity_loss": "0.1"}, "most_validity_loss", "a share from 0 to 1"),
        ({"most_slice_loss": True}, "most_slice_loss", "a share from 0 to 1"),
        ({"most_slice_loss": None}, "most_slice_loss", "a share from 0 to 1"),
        ({"most_slice_loss": math.nan}, "most_slice_loss", "a share from 0 to 1"),
    ],
)
def test_a_gate_that_cannot_be_applied_is_refused_by_the_name_of_its_setting(stored, field, words):
    with pytest.raises(GateProblem, match=words) as refused:
        Gate.of(stored)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("share", "plain", "signed"),
    [
        (0.123, "12.3 %", "+12.3 %"),
        (-0.05, "−5.0 %", "−5.0 %"),
        (-0.0001, "0.0 %", "+0.0 %"),
        (1, "100.0 %", "+100.0 %"),
    ],
)
def test_shares_are_written_for_people(share, plain, signed):
    assert (percent(share), percent(share, sign=True)) == (plain, signed)


def test_a_gate_says_its_rules_in_words():
    assert in_words(Gate(field="urgency", least_gain=0.02, most_slice_loss=0.05)) == [
        "right on urgency: the interval of the difference lies above 2.0 points",
        "valid JSON: at most 1.0 points rarer",
        "each slice of 30 rows or more: at most 5.0 points less often right",
    ]
