"""What pages read of Redis: used amounts, outstanding leases, and how far a limit may be passed."""

import os

import pytest
import redis

from apps.limits.domain.keys import PROCESSES
from apps.limits.domain.rules import Ask, Away, Metric
from apps.limits.services import UsageUnknown, overshoot_of, overview_of, processes_running, usage_of
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.limits import count_in, make_limit, rules_for, with_limiters

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def key(project):
    return make_secret_key(project).key


def used_by(key, *asks, then=lambda: None, **settings):
    """What `then` says while a limiter holds what the requests took."""
    rules = rules_for(key)

    async def work(limiter):
        for ask in asks:
            await limiter.admit(rules, ask)
        await limiter.tick()
        return then()

    return with_limiters(work, **settings)


def test_used_amounts_and_leases_are_seen_while_they_are_held(project, key):
    limit = make_limit(project, Metric.TOKENS, 1_000)
    (counter,) = used_by(key, Ask(tokens=30), Ask(tokens=12), then=lambda: usage_of([limit])[limit.id], lease_share=0.0)
    assert (counter.used, counter.leased, len(counter.leases)) == (42, 42, 1)


def test_the_overshoot_is_the_sum_of_outstanding_leases(project, key):
    limit = make_limit(project, Metric.TOKENS, 100_000, share=0.02)
    rules = rules_for(key)

    async def work(*limiters):
        for limiter in limiters:
            await count_in(limiter, rules, 20, Ask(tokens=10))
            await limiter.tick()
        held = sum(lease.held for limiter in limiters for lease in limiter._holdings)
        return held, overshoot_of(limit)

    held, overshoot = with_limiters(work, 2)
    assert overshoot.leased == held > 400  # slices on top of what the requests reserved
    assert overshoot.local == 2_000
    assert overshoot.worst >= held + 2 * 2_000


def test_without_leases_the_overshoot_is_what_runs(project, key):
    limit = make_limit(project, away=Away.CLOSED)
    found = used_by(key, Ask(), then=lambda: overshoot_of(limit), lease_share=0.0)
    assert (found.leased, found.worst) == (1, 1)


def test_users_are_listed_the_greatest_first(project, key):
    limit = make_limit(project, subject="user")
    asks = [Ask(user=user) for user in ("ada", "grace", "grace", "")]
    used_by(key, *asks)
    counters = usage_of([limit])[limit.id]
    assert (counters[0].user, counters[0].used) == ("grace", 2)
    assert sorted(counter.user for counter in counters) == ["", "ada", "grace"]


def test_a_window_that_is_over_shows_nothing(project, key):
    limit = make_limit(project)

    async def work(limiter):
        await limiter.admit(rules_for_key, Ask())
        (lease,) = limiter._holdings
        await limiter._store._client.hset(f"limits:{{{limit.organisation_id}}}:{limit.id}:/", "end", 1)
        lease.end_ms = 1
        return usage_of([limit])[limit.id]

    rules_for_key = rules_for(key)
    assert with_limiters(work) == []


def test_a_page_shows_no_keys_of_other_projects(project, key):
    sister = make_project(name="Quay", organisation=project.organisation)
    theirs = make_secret_key(sister).key
    make_limit(project, subject="key", whole_organisation=True)
    used_by(key, Ask())
    used_by(theirs, Ask(), Ask())
    (row,) = overview_of(project).rows
    assert [(counter.label, counter.used) for counter in row.counters] == [("test key", 1)]


def test_without_redis_the_overview_says_so(project, settings):
    make_limit(project)
    settings.REDIS_URL = "unix:///nowhere/at/all.sock"
    overview = overview_of(project)
    assert "Redis" in overview.problem
    assert [row.overshoot for row in overview.rows] == [None]
    with pytest.raises(UsageUnknown):
        overshoot_of(overview.rows[0].limit)


def test_a_process_is_counted_while_it_runs():
    names = []

    async def work(limiter):
        names.append(limiter.process)
        await limiter.tick()
        return processes_running(), present(limiter.process)

    running, there = with_limiters(work)
    assert running >= 1
    assert there
    assert not present(*names)


def present(process):
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return client.zscore(PROCESSES, process) is not None
