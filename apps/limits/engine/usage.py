"""What Redis knows of limits at this moment, for the pages: how much is used, and what is leased to whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.limits.domain.keys import PROCESSES, counter_keys
from apps.limits.models import Limit

TIMEOUT_SECONDS = 1.0
# Of each limit: those that were used last come first.
MOST_COUNTERS = 200


class UsageUnknown(Exception):
    """Redis can't be asked at the moment."""


@dataclass(frozen=True)
class OpenLease:
    process: str
    held: int


@dataclass(frozen=True)
class CounterUsage:
    """One counter of a limit, in the metric's unit. subject: `:<id of a key or project>` where those count apart.

    used: with everything that is leased. user: the end user, where those count apart.
    """

    subject: str
    user: str
    used: int
    leases: Sequence[OpenLease]

    @property
    def leased(self) -> int:
        return sum(lease.held for lease in self.leases)


def usage_of(limits: Iterable[Limit]) -> dict[UUID, list[CounterUsage]]:
    """Limit id -> its counters in the running window, the fullest first; UsageUnknown while Redis is away."""
    rows = list(limits)
    try:
        with _client() as client:
            now = _now_ms(client)
            subjects = _pipelined(client, [("ZREVRANGE", _keys(row, "").listing, 0, MOST_COUNTERS - 1) for row in rows])
            places = [(row, name.decode()) for row, names in zip(rows, subjects, strict=True) for name in names]
            hashes = [key for row, name in places for key in _keys(row, name)[:2]]
            found = _pipelined(client, [("HGETALL", key) for key in hashes])
    except (RedisError, OSError) as error:
        raise UsageUnknown("Redis can't be asked at the moment, so nobody knows what is used.") from error
    usage: dict[UUID, list[CounterUsage]] = {row.id: [] for row in rows}
    for at, (row, name) in enumerate(places):
        if (counter := _counter(row, name, found[2 * at], found[2 * at + 1], now)) is not None:
            usage[row.id].append(counter)
    return {id_: sorted(counters, key=lambda counter: -counter.used) for id_, counters in usage.items()}


def processes_running() -> int:
    """Gateway processes that said within the last seconds that they are there; UsageUnknown while Redis is away."""
    try:
        with _client() as client:
            return int(client.zcount(PROCESSES, _now_ms(client), "+inf"))
    except (RedisError, OSError) as error:
        raise UsageUnknown("Redis can't be asked at the moment, so nobody knows what is used.") from error


def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _now_ms(client: Redis) -> int:
    seconds, microseconds = client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def _keys(limit: Limit, subject: str) -> Any:
    return counter_keys(str(limit.organisation_id), str(limit.id), subject)


def _pipelined(client: Redis, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    with client.pipeline(transaction=False) as pipeline:
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it so
        return pipeline.execute()


def _counter(
    limit: Limit, subject: str, state: dict[bytes, bytes], leases: dict[bytes, bytes], now: int
) -> CounterUsage | None:
    end = int(state.get(b"end", 0))
    if b"epoch" not in state or 0 < end <= now:
        return None
    open_leases = []
    for process, entry in leases.items():
        held, _, expires, _ = map(int, entry.split())
        gone = limit.metric == "concurrency" and expires < now
        if held and not gone:
            open_leases.append(OpenLease(process.decode(), held))
    return CounterUsage(
        subject=subject.split("/")[0],
        user=state.get(b"user", b"").decode(errors="replace"),
        used=int(state[b"used"]),
        leases=tuple(open_leases),
    )
