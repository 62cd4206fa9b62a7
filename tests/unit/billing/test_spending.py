"""What entries add to the sums per hour."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.entries import entry_of
from apps.billing.domain.spending import LONGEST_VALUE, SpendSums, places_of, sum_by_hour
from llmkit.usage import Usage
from tests.unit.billing.test_entries import KEY, NOW, PROJECT, record


def entry(**fields):
    return entry_of(record(**fields), now=NOW)


def totals(*entries):
    return {key.hour: sums for key, sums in sum_by_hour(entries).items() if key.dimension == "total"}


def test_a_settle_counts_its_money_and_its_tokens_by_kind():
    usage = Usage(
        prompt_tokens=100,
        cached_tokens=10,
        cache_creation_tokens=20,
        audio_prompt_tokens=5,
        image_prompt_tokens=6,
        completion_tokens=50,
        reasoning_tokens=30,
        audio_completion_tokens=7,
    )
    [(hour, sums)] = totals(entry(usage=usage, amount_nano=9)).items()
    assert hour == NOW
    assert sums == SpendSums(
        requests=1,
        input_tokens=100,
        output_tokens=50,
        cached_tokens=10,
        cache_creation_tokens=20,
        audio_tokens=12,
        image_tokens=6,
        reasoning_tokens=30,
        amount_nano=9,
    )


@pytest.mark.parametrize("kind", ["reserve", "release"])
def test_a_reserve_and_a_release_are_no_spent_money(kind):
    assert sum_by_hour([entry(kind=kind, amount_nano=9)]) == {}


def test_a_cache_hit_counts_what_it_saved():
    [sums] = totals(entry(kind="cache_hit", amount_nano=0, saved_nano=7)).values()
    assert sums == SpendSums(cache_hits=1, saved_nano=7)


def test_an_adjustment_counts_money_alone_and_may_be_negative():
    settled = entry(amount_nano=9, estimated=True)
    adjusted = replace(settled, row=settled.row._replace(kind="adjust", amount_nano=-4, reference="reprice:x"))
    [sums] = totals(settled, adjusted).values()
    assert (sums.requests, sums.amount_nano, sums.estimated_nano) == (1, 5, 5)


def test_a_call_counts_under_everything_it_may_be_asked_by():
    places = set(
        places_of(
            entry(
                user="ada",
                route="support",
                model="tiny",
                provider="local",
                prompt_name="greet",
                prompt_version="3",
                environment="production",
                tags={"team": "search", "tier": "gold"},
            )
        )
    )
    assert places == {
        ("total", ""),
        ("key", str(KEY)),
        ("user", "ada"),
        ("route", "support"),
        ("model", "tiny"),
        ("provider", "local"),
        ("prompt", "greet v3"),
        ("environment", "production"),
        ("tag", "team=search"),
        ("tag", "tier=gold"),
    }


def test_what_has_no_name_counts_in_the_total_alone():
    assert list(places_of(entry(key_id=""))) == [("total", "")]


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_values_fit_into_their_column(tags):
    assert all(len(value) <= LONGEST_VALUE for _, value in places_of(entry(tags=tags)))


@given(st.lists(st.tuples(st.integers(0, 10**12), st.booleans(), st.integers(0, 5)), max_size=20))
def test_hours_sum_to_the_whole(calls):
    entries = [
        entry(amount_nano=nano, estimated=estimated, occurred_ns=record().occurred_ns - hours * 3600 * 10**9)
        for nano, estimated, hours in calls
    ]
    found = totals(*entries)
    assert sum(sums.amount_nano for sums in found.values()) == sum(nano for nano, _, _ in calls)
    assert sum(sums.estimated_nano for sums in found.values()) == sum(nano for nano, known, _ in calls if known)
    assert all(hour.minute == hour.second == hour.microsecond == 0 for hour in found)
    assert all(key.project_id == PROJECT for key in sum_by_hour(entries))


def test_sums_add_up_field_by_field():
    sums = SpendSums(*range(1, 13))
    sums.add(SpendSums(*[10] * 12))
    assert astuple(sums) == tuple(range(11, 23))
    assert sums.any()
    assert not SpendSums().any()
