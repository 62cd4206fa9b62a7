"""Answers in Valkey, by fingerprint: one round trip for a look, one for keeping."""

from typing import NamedTuple

from apps.caching.domain.answers import StoredAnswer, Unreadable, pack, unpack
from apps.caching.domain.keys import ENTRY_OVERHEAD, keys_of
from apps.caching.domain.policy import RoutePolicy
from apps.caching.engine import scripts
from apps.caching.engine.valkey import AWAY, Script, connect
from llmkit.availability import Availability

# A cache that takes longer than this is slower than having none.
TIMEOUT_SECONDS = 0.1
# One answer may take this part of its route's budget.
MOST_OF_BUDGET = 8

_get, _put = Script(scripts.GET), Script(scripts.PUT)


class Kept(NamedTuple):
    """stored: whether the answer is in the cache now; evicted: how many others had to go for it."""

    stored: bool
    evicted: int = 0


class ExactCache:
    """Belongs to one event loop. While the server is away everything is a miss and nothing is kept."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._client = connect(url, timeout=timeout)
        self.availability = Availability("The answer cache", "nothing is looked up or kept until it is back.")

    async def aclose(self) -> None:
        await self._client.aclose()

    async def get(self, policy: RoutePolicy, key: bytes) -> StoredAnswer | None:
        """The answer under `key` (32 bytes), which counts as used by that."""
        if not self.availability.usable():
            return None
        prefix, *books = keys_of(policy.project_id, policy.route)
        try:
            found = await _get.run(self._client, books, prefix, key, policy.eviction)
        except AWAY as error:
            self.availability.failed(error)
            return None
        self.availability.worked()
        try:
            return unpack(found) if found else None
        except Unreadable:
            # Written by another version: the next answer replaces it.
            return None

    async def put(self, policy: RoutePolicy, key: bytes, answer: StoredAnswer) -> Kept:
        """Keep an answer for the policy's time, at the cost of others if the route's budget is full."""
        value = pack(answer)
        if not self.availability.usable() or (len(value) + ENTRY_OVERHEAD) * MOST_OF_BUDGET > policy.budget_bytes:
            return Kept(False)
        prefix, *books = keys_of(policy.project_id, policy.route)
        arguments = (prefix, key, policy.eviction, value, policy.ttl_s * 1000, policy.budget_bytes, ENTRY_OVERHEAD)
        try:
            stored, evicted = await _put.run(self._client, books, *arguments)
        except AWAY as error:
            self.availability.failed(error)
            return Kept(False)
        self.availability.worked()
        return Kept(bool(stored), evicted)
