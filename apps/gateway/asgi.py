"""The gateway's own ASGI application for `/v1/*`: lifecycle, paths, and the last line of defence."""

import asyncio
import gc
import logging
from pathlib import Path

import msgspec
from django.conf import settings

from apps.caching.services import Caches, IdempotencyStore
from apps.gateway.proxy import handling, models_list, openapi, previous
from apps.gateway.proxy.answering import send_json, send_refusal
from apps.gateway.proxy.asgi_types import Receive, Scope, Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.conversations import Conversations
from apps.gateway.proxy.doors import DOORS
from apps.gateway.proxy.durable import DurableRecords
from apps.gateway.proxy.kept.embedders import embedder_of
from apps.gateway.proxy.refusals import Refusal, no_such_path, overloaded, wrong_method
from apps.gateway.snapshot.keeper import SnapshotKeeper
from apps.limits.services import Limiter, LimiterSettings, ledger_in_database
from apps.serving.services import HttpClient
from llmkit.ledger import FOLDER as LEDGER

log = logging.getLogger(__name__)

MODELS = "/v1/models"
FIRST_SNAPSHOT_SECONDS = 5.0
DRAIN_SECONDS = 10.0
TICK_SECONDS = 1.0


class Gateway:
    """Answers from the snapshot alone. `open` counts the requests under way, of which there are `most_open` at most."""

    def __init__(self, context: Context, most_open: int) -> None:
        self.open, self.most_open = 0, most_open
        self.context = context
        self._idle = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(cls) -> "Gateway":
        spool: Path = settings.SPOOL_DIR
        leases = LimiterSettings(lease_share=settings.LIMITS_LEASE_SHARE, timeout_s=settings.LIMITS_TIMEOUT_MS / 1000)
        keeper, client = SnapshotKeeper(), HttpClient()
        context = Context(
            keeper=keeper,
            records=DurableRecords(spool),
            ledger=DurableRecords(spool / LEDGER),
            limiter=Limiter(redis_url=settings.REDIS_URL, ledger=ledger_in_database, settings=leases),
            client=client,
            conversations=Conversations(settings.CACHE_URL),
            caches=Caches(cache_url=settings.CACHE_URL, embedder_of=embedder_of(keeper, client)),
            idempotency=IdempotencyStore(settings.REDIS_URL),
            max_body_bytes=settings.GATEWAY_MAX_BODY_BYTES,
        )
        return cls(context, settings.GATEWAY_MAX_OPEN)

    async def start(self) -> None:
        """Returns once there is a snapshot, or after a few seconds without one: until then requests get 503."""
        keeper = self.context.keeper
        keeper.start()
        self._ticking = asyncio.create_task(self._tick())
        await self.context.caches.start()
        await asyncio.to_thread(keeper.ready.wait, FIRST_SNAPSHOT_SECONDS)
        # What is loaded by now stays; the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()

    async def stop(self) -> None:
        """Refuse what is new, let what is open finish for a while, then let go of everything."""
        context = self.context
        context.draining = True
        if self.open:
            try:
                await asyncio.wait_for(self._idle.wait(), DRAIN_SECONDS)
            except TimeoutError:
                log.warning("%d requests were still open at shutdown.", self.open)
        if self._ticking is not None:
            self._ticking.cancel()
        for task in context.background:
            task.cancel()
        await asyncio.gather(*context.background, return_exceptions=True)
        await context.caches.aclose()
        await context.idempotency.aclose()
        await context.limiter.aclose()
        await context.client.aclose()
        await context.conversations.aclose()
        await asyncio.to_thread(context.keeper.stop)
        context.records.close()
        context.ledger.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.open += 1
        try:
            if self.open > self.most_open:
                raise overloaded()
            await self._dispatch(scope, receive, send)
        except Refusal as refusal:
            await send_refusal(send, refusal)
        finally:
            self.open -= 1
            if self.context.draining and not self.open:
                self._idle.set()

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if (door := DOORS.get(path)) is not None:
            if method != "POST":
                raise wrong_method(method, "POST")
            await handling.answer(self.context, door, scope, receive, send)
        elif path == MODELS or path.startswith(models_list.PREFIX):
            if method not in {"GET", "HEAD"}:
                raise wrong_method(method, "GET")
            await models_list.answer(self.context, scope, send)
        elif path == openapi.PATH:
            if method not in {"GET", "HEAD"}:
                raise wrong_method(method, "GET")
            await send_json(send, 200, msgspec.json.encode(openapi.description()))
        elif path.startswith(previous.PREFIX):
            if method not in {"GET", "HEAD", "DELETE"}:
                raise wrong_method(method, "GET, DELETE")
            await previous.answer(self.context, scope, send)
        else:
            raise no_such_path(path)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self._look_after()
            except Exception:
                log.exception("The gateway's housekeeping failed; it goes on.")

    async def _look_after(self) -> None:
        """What needs doing each second, away from requests."""
        context = self.context
        context.clock.resync()
        for records in (context.records, context.ledger):
            if records.broken:
                await asyncio.to_thread(records.probe)
        await context.limiter.tick()
        if context.unknown_keys:
            log.warning("%d requests with keys that do not exist were refused.", context.unknown_keys)
            context.unknown_keys = 0
