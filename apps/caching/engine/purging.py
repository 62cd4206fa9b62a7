"""Forgetting what a route keeps."""

from typing import Final

import redis
from django.conf import settings

from apps.caching.domain.keys import keys_of
from apps.caching.engine import scripts
from apps.caching.models import SemanticEntry

TIMEOUT_SECONDS: Final = 5.0
AT_ONCE: Final = 1_000


class CacheAway(Exception):
    """Valkey can't be asked, so that its answers stay for now."""


def purge(project_id: str, route: str) -> int:
    """Forget the exact and the semantic answers of a route; how many that were. CacheAway before anything is gone."""
    exact = _purge_exact(project_id, route)
    similar, _ = SemanticEntry.objects.filter(project_id=project_id, route=route).delete()
    return exact + similar


def _purge_exact(project_id: str, route: str) -> int:
    prefix, *books = keys_of(project_id, route)
    total = 0
    try:
        with redis.Redis.from_url(
            settings.CACHE_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        ) as client:
            purge_some = client.register_script(scripts.PURGE)
            while gone := int(purge_some(keys=books, args=[prefix, AT_ONCE])):
                total += gone
    except (redis.RedisError, OSError) as error:
        raise CacheAway("The answer cache can't be reached; nothing was purged.") from error
    return total
