"""Idempotency keys: the first request does the work, its twins get the same answer, for a day.

The IETF draft "The Idempotency-Key HTTP Header Field" says what clients may expect: a repeated key with another body
is an error, and a repeated key while the first request is under way must not do the work twice.
"""

import asyncio
import contextlib
import secrets
import zlib
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from apps.caching.engine import scripts
from apps.caching.engine.valkey import AWAY, Script, connect

KEPT_SECONDS = 24 * 3600
# How long the twins of a process that died have to wait; a living one renews its lease three times as often.
LEASE_SECONDS = 15.0
TIMEOUT_SECONDS = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
MOST_BYTES = 4 * 1024 * 1024

_claim, _renew = Script(scripts.CLAIM), Script(scripts.RENEW)
_finish, _release = Script(scripts.FINISH), Script(scripts.RELEASE)


class IdempotencyAway(Exception):
    """The store can't be asked now, so that nobody knows whether this request was answered already."""


class IdempotencyConflict(Exception):
    """The key was used for another body."""


class StillRunning(Exception):
    """The first request with this key is not finished after all the time that its twin could wait."""


class AnswerNotKept(Exception):
    """The first request was answered, but its answer was too large to keep; doing it again would do it twice."""


class KeptResponse(msgspec.Struct, frozen=True, array_like=True):
    """What the caller was told: body as it went over the wire, a stream as the text of its events."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Claim(NamedTuple):
    """The right to do the work of a key, as long as the lease is renewed."""

    name: bytes
    token: bytes
    fingerprint: bytes


_decoder = msgspec.msgpack.Decoder(KeptResponse)


def body_fingerprint(method: str, path: str, body: bytes) -> bytes:
    """16 bytes by which two requests with the same key are compared."""
    return blake2b(b"%b %b\n%b" % (method.encode(), path.encode(), body), digest_size=16).digest()


class IdempotencyStore:
    """On the server that loses nothing. Belongs to one event loop; every step is one round trip."""

    def __init__(self, url: str, *, lease: float = LEASE_SECONDS, timeout: float = TIMEOUT_SECONDS) -> None:
        self._client, self._lease = connect(url, timeout=timeout), lease

    async def aclose(self) -> None:
        await self._client.aclose()

    async def claim(self, key_id: str, idempotency_key: str, fingerprint: bytes) -> Claim | KeptResponse | None:
        """The claim, or what the first request was answered; None while that one is under way.

        Keys of different API keys have nothing to do with each other. IdempotencyConflict for another fingerprint,
        AnswerNotKept, IdempotencyAway.
        """
        digest = blake2b(idempotency_key.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
        name = f"flywheel:idempotency:{key_id}:{digest}".encode()
        token = secrets.token_bytes(16)
        state, *answer = await self._run(_claim, name, fingerprint, token, round(self._lease * 1000))
        if state == b"conflict":
            raise IdempotencyConflict("This Idempotency-Key was used for a request with another body.")
        if state == b"answered":
            return _unpack(answer[0])
        return Claim(name, token, fingerprint) if state == b"claimed" else None

    async def claim_or_wait(
        self, key_id: str, idempotency_key: str, fingerprint: bytes, *, within: float
    ) -> Claim | KeptResponse:
        """The same, waiting for a twin under way in any process; StillRunning after `within` seconds."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        deadline = loop.time() + within
        while (found := await self.claim(key_id, idempotency_key, fingerprint)) is None:
            if loop.time() + pause > deadline:
                raise StillRunning("The first request with this Idempotency-Key is still being answered.")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return found

    @contextlib.asynccontextmanager
    async def holding(self, claim: Claim) -> AsyncIterator[None]:
        """Renews the lease in the background. Whoever leaves without having finished gives the key back."""
        renewing = asyncio.create_task(self._keep_renewing(claim))
        try:
            yield
        finally:
            renewing.cancel()
            with contextlib.suppress(IdempotencyAway):
                await asyncio.shield(self.release(claim))

    async def finish(self, claim: Claim, response: KeptResponse) -> bool:
        """Keep the answer for a day; False if somebody else has taken over the key meanwhile."""
        data = zlib.compress(msgspec.msgpack.encode(response), 1)
        kept = data if len(data) <= MOST_BYTES else b""
        return bool(await self._run(_finish, claim.name, claim.token, claim.fingerprint, kept, KEPT_SECONDS * 1000))

    async def release(self, claim: Claim) -> bool:
        """Let the next request with the key do the work; does nothing once the answer is kept."""
        return bool(await self._run(_release, claim.name, claim.token))

    async def renew(self, claim: Claim) -> bool:
        """False if the lease has run out and the key belongs to somebody else or nobody."""
        return bool(await self._run(_renew, claim.name, claim.token, round(self._lease * 1000)))

    async def _keep_renewing(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            with contextlib.suppress(IdempotencyAway):
                if not await self.renew(claim):
                    return

    async def _run(self, script: Script, name: bytes, *arguments: bytes | int) -> Any:
        try:
            return await script.run(self._client, [name], *arguments)
        except AWAY as error:
            raise IdempotencyAway("Idempotency keys can't be checked right now.") from error


def _unpack(data: bytes) -> KeptResponse:
    if not data:
        raise AnswerNotKept("The request with this Idempotency-Key was answered, with more than is kept.")
    return _decoder.decode(zlib.decompress(data))
