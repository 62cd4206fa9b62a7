"""What Postgres keeps of caches, held to its time and size."""

import logging
from datetime import timedelta
from typing import Final

from django.db import connection
from django.db.models import F, Sum

from apps.caching.domain.policy import Eviction
from apps.caching.models import CacheHour, CachePolicy, CacheSample, SemanticEntry
from llmkit import clock

log = logging.getLogger(__name__)

BATCH: Final = 5_000
SAMPLES_KEPT, FIGURES_KEPT = timedelta(days=90), timedelta(days=400)
_ORDER: Final = {
    Eviction.LRU: "last_used_at, id",
    Eviction.LFU: "hits, last_used_at, id",
    Eviction.FIFO: "created_at, id",
}
# The first entries in the order of the policy whose sizes together are what is too much.
_EVICT: Final = """
    DELETE FROM caching_semanticentry WHERE id IN (
        SELECT id FROM (
            SELECT id, sum(size) OVER (ORDER BY {order}) - size AS before
            FROM caching_semanticentry WHERE project_id = %s AND route = %s
        ) AS ordered WHERE before < %s LIMIT %s
    )
"""


def sweep() -> None:
    """Delete entries whose time is over or whose route lets none be kept, then those above a route's budget."""
    now = clock.now()
    expired = SemanticEntry.objects.expired(now).values("id")[:BATCH]
    while SemanticEntry.objects.filter(id__in=list(expired.values_list("id", flat=True))).delete()[0]:
        continue
    policies = {(each.project_id, each.route): each for each in CachePolicy.objects.all()}
    sizes = SemanticEntry.objects.values("project_id", "route").annotate(bytes=Sum("size"))
    for row in list(sizes):
        policy = policies.get((row["project_id"], row["route"]))
        if policy is None:
            SemanticEntry.objects.filter(project_id=row["project_id"], route=row["route"]).delete()
        elif row["bytes"] > policy.budget_bytes:
            _evict(policy, row["bytes"] - policy.budget_bytes)
    CacheSample.objects.filter(created_at__lt=now - SAMPLES_KEPT).delete()
    CacheHour.objects.filter(hour__lt=now - FIGURES_KEPT).delete()


def _evict(policy: CachePolicy, too_much: int) -> int:
    """Make room of `too_much` bytes; how many entries went. The rest of a very large surplus goes next time."""
    statement = _EVICT.format(order=_ORDER[Eviction(policy.eviction)])
    with connection.cursor() as cursor:
        cursor.execute(statement, [policy.project_id, policy.route, too_much, 10 * BATCH])
        gone: int = cursor.rowcount
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    hour, _ = CacheHour.objects.get_or_create(project_id=policy.project_id, route=policy.route, hour=start)
    CacheHour.objects.filter(id=hour.id).update(evicted=F("evicted") + gone)
    return gone
