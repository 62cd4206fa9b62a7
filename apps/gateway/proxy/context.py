"""What every request of one gateway process shares."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from apps.caching.services import Caches, IdempotencyStore
from apps.gateway.proxy.admitting import settle as settle_limits
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.targets import Targets
from apps.gateway.proxy.conversations import Conversations
from apps.gateway.proxy.durable import DurableRecords
from apps.gateway.proxy.estimate import fill_in_usage
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.kept import visiting
from apps.gateway.proxy.ledger import reserve, settle
from apps.gateway.proxy.record import encode_record
from apps.gateway.proxy.refusals import no_snapshot, shutting_down
from apps.gateway.snapshot import Snapshot
from apps.gateway.snapshot.keeper import SnapshotKeeper
from apps.limits.services import Limiter
from apps.serving.services import HttpClient
from llmkit.clock import SteadyClock


@dataclass(slots=True)
class Context:
    """max_body_bytes: larger requests are refused before they are read whole."""

    keeper: SnapshotKeeper
    records: DurableRecords
    ledger: DurableRecords
    limiter: Limiter
    client: HttpClient
    conversations: Conversations
    caches: Caches
    idempotency: IdempotencyStore
    max_body_bytes: int
    targets: Targets = field(default_factory=Targets)
    clock: SteadyClock = field(default_factory=SteadyClock)
    draining: bool = False
    background: set[asyncio.Task[None]] = field(default_factory=set)
    unknown_keys: int = 0  # requests refused for them since they were last reported

    def snapshot(self) -> Snapshot:
        """The configuration of this moment; Refusal 503 while the gateway can't take requests at all."""
        if self.draining:
            raise shutting_down()
        self.records.refuse_if_broken()
        self.ledger.refuse_if_broken()
        if self.keeper.current is None:
            raise no_snapshot()
        return self.keeper.current

    def record(self, exchange: Exchange) -> None:
        """Make what happened durable, once; Refusal 503 when that fails."""
        if not exchange.recorded:
            exchange.end_running()
            fill_in_usage(exchange)
            settle_limits(exchange)
            if lines := settle(exchange):
                self.ledger.append(lines)
            self.records.append(encode_record(exchange))
            exchange.recorded = True
            visiting.keep(self.caches, exchange)

    def reserve(self, exchange: Exchange, attempt: Attempt) -> None:
        """Make durable that this attempt may cost something, before it can; Refusal 503 when that fails."""
        if lines := reserve(exchange, attempt):
            self.ledger.append(lines)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """What no caller waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
