"""Responses that were given, kept for a while: to go on from, and to be shown again.

They lie in the cache, which makes room for newer ones when it is full: what may not be lost is the trace.
"""

import logging

import msgspec
from msgspec import Raw
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600
KEPT_BYTES = 4 * 1024 * 1024
WAIT_SECONDS = 0.5


class Kept(msgspec.Struct):
    """answer: the response's JSON. items: the whole conversation up to it, oldest first."""

    answer: Raw
    items: list[Raw]


class ConversationsAway(Exception):
    """Whether there is such a conversation can't be told now."""


class Conversations:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS, max_connections=20
        )

    async def recall(self, project_id: str, response_id: str) -> Kept | None:
        """ConversationsAway if the cache does not answer."""
        try:
            found = await self._redis.get(_name(project_id, response_id))
        except (RedisError, OSError) as error:
            raise ConversationsAway from error
        return msgspec.json.decode(found, type=Kept) if found is not None else None

    async def keep(self, project_id: str, response_id: str, kept: Kept) -> None:
        """The answer matters more than its being kept: without the cache, or too large for it, it is not."""
        value = msgspec.json.encode(kept)
        if len(value) > KEPT_BYTES:
            return
        try:
            await self._redis.set(_name(project_id, response_id), value, ex=KEPT_SECONDS)
        except (RedisError, OSError) as error:
            log.warning("A response could not be kept for its conversation to go on: %s.", error)

    async def forget(self, project_id: str, response_id: str) -> bool:
        """Whether there was such a response; ConversationsAway if the cache does not answer."""
        try:
            return bool(await self._redis.delete(_name(project_id, response_id)))
        except (RedisError, OSError) as error:
            raise ConversationsAway from error

    async def aclose(self) -> None:
        await self._redis.aclose()


def _name(project_id: str, response_id: str) -> str:
    return f"gateway:response:{project_id}:{response_id}"
