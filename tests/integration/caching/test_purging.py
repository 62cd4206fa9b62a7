"""Emptying the cache of a route."""

import asyncio
import os

import pytest

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.caching.engine.exact import ExactCache
from apps.caching.models import SemanticEntry
from apps.caching.queries import Size, sizes_by_route
from apps.caching.services import CacheAway, purge_cache
from tests.factories.accounts import make_project
from tests.factories.caching import make_answer, make_cache, make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    return make_cache(make_project(), semantic=True)


def keep(policy, count: int) -> None:
    async def work():
        cache = ExactCache(os.environ["CACHE_URL"])
        for number in range(count):
            await cache.put(policy.compiled(), number.to_bytes(32, "big"), make_answer())
        await cache.aclose()

    asyncio.run(work())


def size(policy) -> Size:
    return sizes_by_route(policy.project, [policy.route])[policy.route]


def test_the_size_of_a_route_counts_both_caches(policy):
    assert size(policy) == Size(0, 0, 0, 0)
    keep(policy, 3)
    make_entry(policy, "q", size=5_000)
    found = size(policy)
    assert (found.exact, found.semantic, found.semantic_bytes) == (3, 1, 5_000)
    assert found.exact_bytes > 3 * 400


def test_a_purge_forgets_both_and_nothing_of_others(policy):
    other = make_cache(policy.project, "other", semantic=True)
    for each in (policy, other):
        keep(each, 1_500 if each is policy else 1)
        make_entry(each, "q")
    assert purge_cache(actor=Actor(), policy=policy) == 1_501
    assert size(policy) == Size(0, 0, 0, 0)
    assert (size(other).exact, size(other).semantic) == (1, 1)
    event = AuditEvent.objects.get(action="cache.purged")
    assert (event.target, event.detail) == ("support", {"answers": 1_501})


def test_without_valkey_nothing_is_purged_and_no_size_known(policy, settings):
    make_entry(policy, "q")
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(CacheAway, match="nothing was purged"):
        purge_cache(actor=Actor(), policy=policy)
    assert SemanticEntry.objects.count() == 1
    assert size(policy).exact is None
