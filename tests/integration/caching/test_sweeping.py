"""What Postgres keeps, held to its time and size."""

from datetime import timedelta

import pytest

from apps.caching.engine.sweeping import FIGURES_KEPT, SAMPLES_KEPT
from apps.caching.models import CacheHour, CacheSample, SemanticEntry
from apps.caching.tasks import sweep
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.caching import make_cache, make_entry, make_sample, this_hour

pytestmark = pytest.mark.django_db
LEAST = 64 * 1024


def left() -> list[str]:
    return sorted(SemanticEntry.objects.values_list("question", flat=True))


@pytest.fixture
def project():
    return make_project()


def test_what_ran_out_is_deleted(project):
    policy, now = make_cache(project, semantic=True), clock.now()
    make_entry(policy, "over", expires_at=now - timedelta(seconds=1))
    make_entry(policy, "lasting")
    sweep()
    assert left() == ["lasting"]


def test_what_no_policy_keeps_is_deleted(project):
    policy = make_cache(project, semantic=True)
    make_entry(policy, "kept")
    make_entry(policy, "orphan", route="gone")
    sweep()
    assert left() == ["kept"]


@pytest.mark.parametrize(("eviction", "gone"), [("fifo", "a first"), ("lru", "b longest unused"), ("lfu", "c rarest")])
def test_above_the_budget_goes_what_the_policy_says(project, eviction, gone):
    policy = make_cache(project, semantic=True, eviction=eviction, budget_bytes=LEAST)
    now, third = clock.now(), LEAST // 3
    ages = {"a first": (9, 1, 5), "b longest unused": (8, 7, 5), "c rarest": (7, 2, 0), "d fine": (6, 0, 9)}
    for name, (created, used, hits) in ages.items():
        make_entry(
            policy,
            name,
            size=third,
            created_at=now - timedelta(minutes=created),
            last_used_at=now - timedelta(minutes=used),
            hits=hits,
        )
    sweep()
    assert left() == sorted(set(ages) - {gone})
    assert CacheHour.objects.get(route="support", hour=this_hour()).evicted == 1
    sweep()
    assert len(left()) == 3


def test_a_full_route_takes_nothing_from_others(project):
    full = make_cache(project, "full", semantic=True, budget_bytes=LEAST)
    other = make_cache(make_project(), "full", semantic=True, budget_bytes=LEAST)
    for number in range(5):
        make_entry(full, f"full {number}", size=LEAST // 2)
    make_entry(other, "other", size=LEAST)
    sweep()
    assert left() == ["full 3", "full 4", "other"]


def test_old_samples_and_figures_are_forgotten(project):
    policy, now = make_cache(project, semantic=True), clock.now()
    make_sample(policy, same=True)
    make_sample(policy, same=True, created_at=now - SAMPLES_KEPT - timedelta(hours=1))
    CacheHour.objects.create(project=project, route="support", hour=this_hour())
    CacheHour.objects.create(project=project, route="support", hour=this_hour() - FIGURES_KEPT - timedelta(hours=2))
    sweep()
    assert (CacheSample.objects.count(), CacheHour.objects.count()) == (1, 1)
