"""Scripts on a Valkey server, in one round trip each."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

AWAY: Final = (RedisError, OSError, TimeoutError)


def connect(url: str, *, timeout: float) -> "Redis":
    """A client that waits no longer than `timeout` seconds. A connection that broke while it was idle is replaced."""
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        decode_responses=False,
    )


class Script:
    """A Lua text that the server is sent once and then called by its digest."""

    def __init__(self, text: str) -> None:
        self._text = text.encode()
        self._digest = sha1(self._text, usedforsecurity=False).hexdigest()

    async def run(self, client: "Redis", keys: Sequence[bytes], *arguments: bytes | str | int) -> Any:
        try:
            return await _call(client, "EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await _call(client, "EVAL", self._text, len(keys), *keys, *arguments)


async def _call(client: "Redis", *command: bytes | str | int) -> Any:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
