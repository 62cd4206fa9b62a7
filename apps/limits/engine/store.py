"""One process's way to the counters in Redis: one round trip an exchange, none of them longer than its timeout."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from apps.limits.domain.keys import LONGEST_USER, PROCESSES, CounterKeys, counter_keys, subject_of
from apps.limits.domain.leases import Known, Lease, Told
from apps.limits.domain.rules import Metric
from apps.limits.domain.windows import bounds
from apps.limits.engine import scripts

AWAY: Final = (RedisError, OSError, TimeoutError)
KINDS: Final = {
    Metric.REQUESTS: "requests",
    Metric.TOKENS: "tokens",
    Metric.COST: "cost",
    Metric.CONCURRENCY: "slots",
}


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """lease_share: the part of what is left that one process may hold on top of what it needs at once; 0: nothing.

    timeout_s: of a whole round trip. lease_ms: how long a lease is good for. recall_ms: for how long nobody gets slices
    after somebody was refused whom they could have served. reconcile_ms: between two looks into the ledger. grace_ms:
    until the ledger knows what a process spent that was killed.
    """

    lease_share: float = 0.05
    timeout_s: float = 0.1
    lease_ms: int = 10_000
    recall_ms: int = 3_000
    reconcile_ms: int = 60_000
    grace_ms: int = 20 * 60_000


class Exchange(NamedTuple):
    """What a round trip brought: verdicts as EXCHANGE says them; nothing known if this process was wrong about time."""

    now_ms: int
    verdicts: list[int]
    known: list[Known]


Wanted = list[int]  # of one request: number of a counter, from 1, and amount, in turns


class Store:
    def __init__(self, url: str, process: str, settings: StoreSettings) -> None:
        self.settings, self._process = settings, process
        self._client = Redis.from_url(
            url,
            socket_timeout=settings.timeout_s,
            socket_connect_timeout=settings.timeout_s,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            decode_responses=False,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def exchange(
        self, leases: Sequence[Lease], told: Sequence[Told], wanted: Sequence[Wanted], now_ms: int
    ) -> Exchange:
        """One of AWAY where Redis can't be reached in time. All leases are of one organisation."""
        settings, names, counters = self.settings, list[str](), []
        for lease, words in zip(leases, told, strict=True):
            subject = subject_of(lease.rule, lease.user)
            names += counter_keys(lease.rule.organisation, lease.rule.limit, subject)
            counters.append(_fields(lease, words, subject, now_ms))
        head = (self._process, settings.lease_ms, settings.recall_ms, settings.lease_share, settings.reconcile_ms)
        sent = msgspec.msgpack.encode((*head, counters, wanted))
        return _decoder.decode(await self._run(_EXCHANGE, names, sent))

    async def seed(self, lease: Lease, spent: int, start_ms: int, end_ms: int) -> None:
        """Begin a budget's counter with what the ledger knows, unless somebody else did."""
        await self._run(_SEED, [keys_of(lease).state], spent, start_ms, end_ms, self.settings.reconcile_ms)

    async def reconcile(self, lease: Lease, spent: int, epoch: str) -> tuple[int, int] | None:
        """The counter before and after the ledger's word; None if it began anew meanwhile."""
        state, leases, _ = keys_of(lease)
        answer = await self._run(_RECONCILE, [state, leases], spent, epoch, self.settings.grace_ms)
        return (answer[0], answer[1]) if answer else None

    async def sign_in(self, until_ms: int) -> None:
        """Let it be known that this process is there; the pages count processes."""
        async with asyncio.timeout(self.settings.timeout_s):
            await self._client.zadd(PROCESSES, {self._process: until_ms})

    async def sign_out(self) -> None:
        async with asyncio.timeout(self.settings.timeout_s):
            await self._client.zrem(PROCESSES, self._process)

    async def _run(self, script: "Script", keys: Sequence[str], *values: Any) -> Any:
        async with asyncio.timeout(self.settings.timeout_s):
            try:
                return await self._call("EVALSHA", script.digest, len(keys), *keys, *values)
            except NoScriptError:
                return await self._call("EVAL", script.text, len(keys), *keys, *values)

    async def _call(self, *command: Any) -> Any:
        return await self._client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it so


class Script:
    """A Lua text that the server is sent once and then called by its digest."""

    def __init__(self, text: str) -> None:
        self.text, self.digest = text, sha1(text.encode(), usedforsecurity=False).hexdigest()


def keys_of(lease: Lease) -> CounterKeys:
    return counter_keys(lease.rule.organisation, lease.rule.limit, subject_of(lease.rule, lease.user))


def _fields(lease: Lease, told: Told, subject: str, now_ms: int) -> tuple[str | int | bool, ...]:
    rule = lease.rule
    start, end, next_end = bounds(rule.window, now_ms)
    return (
        KINDS[rule.metric],
        rule.value,
        rule.hard,
        start,
        end,
        next_end,
        told.spent,
        told.reserved,
        told.wanted,
        lease.typical,
        lease.epoch,
        lease.end_ms,
        subject,
        shown_user(lease.user),
    )


def shown_user(user: str) -> str:
    return user.encode(errors="replace").decode()[:LONGEST_USER]


_EXCHANGE, _SEED, _RECONCILE = Script(scripts.EXCHANGE), Script(scripts.SEED), Script(scripts.RECONCILE)
_decoder = msgspec.msgpack.Decoder(Exchange)
