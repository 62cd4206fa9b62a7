"""The caches of one gateway process: a request visits them before the model is called, and after."""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.caching.domain.answers import StoredAnswer, why_not_kept
from apps.caching.domain.flights import Flights
from apps.caching.domain.policy import ProjectCaching
from apps.caching.domain.ticket import Asked, Ticket, open_ticket
from apps.caching.engine.embedders import EmbedderOf, EmbeddingFailed, UnknownEmbedder, built_in_embedder_of
from apps.caching.engine.exact import ExactCache
from apps.caching.engine.sampling import insert_sample
from apps.caching.engine.semantic import AWAY, Embedded, SemanticCache
from apps.caching.engine.tally import Tally

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
# At a shutdown, for what is being written.
FAREWELL_SECONDS = 2.0
# More answers than this waiting to be kept means that the stores are slow: the next ones are not kept.
MOST_PENDING = 500


class Hit(NamedTuple):
    """A kept answer. age: seconds; similarity: of a semantic hit, None for an exact one.

    sampled: answer this request freshly as well, off its path, and hand the answer to `note_sample`.
    """

    answer: StoredAnswer
    age: float
    similarity: float | None = None
    known: str = ""
    sampled: bool = False

    @property
    def kind(self) -> str:
        return "exact" if self.similarity is None else "semantic"


@dataclass(slots=True)
class Visit:
    """One request at the caches of its route. shared: its answer is that of an identical request under way."""

    ticket: Ticket
    hit: Hit | None = None
    shared: bool = False
    vector: Embedded | None = None

    def header(self) -> bytes:
        """The value of `x-flywheel-cache`: `hit; age=12; kind=exact`, `miss`, `bypass; reason=tools`."""
        if self.shared:
            return b"hit; kind=shared"
        if hit := self.hit:
            near = "" if hit.similarity is None else f"; similarity={hit.similarity:.3f}"
            return f"hit; age={max(0, int(hit.age))}; kind={hit.kind}{near}".encode()
        if reason := self.ticket.verdict.reason:
            return f"bypass; reason={reason}".encode()
        return b"miss" if self.ticket.reads else b"bypass; reason=no-cache"


class Caches:
    """Belongs to one event loop; `start` it there. flights: for requests that are identical and under way."""

    def __init__(self, *, cache_url: str, embedder_of: EmbedderOf = built_in_embedder_of) -> None:
        self.exact = ExactCache(cache_url)
        self.semantic = SemanticCache()
        self.flights: Flights[StoredAnswer] = Flights()
        self.tally = Tally()
        self._embedder_of = embedder_of
        self._used: Counter[int] = Counter()
        self._pending: set[asyncio.Task[Any]] = set()
        self._flushing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.semantic.start()
        self._flushing = asyncio.create_task(self._keep_flushing())

    async def aclose(self) -> None:
        """Finish what is being written, add up what was counted, let go of the servers."""
        if self._flushing is not None:
            self._flushing.cancel()
        if self._pending:
            await asyncio.wait(self._pending, timeout=FAREWELL_SECONDS)
        with contextlib.suppress(*AWAY):
            await self.flush()
        await self.semantic.aclose()
        await self.exact.aclose()

    def visit(self, known: ProjectCaching | None, asked: Asked) -> Visit | None:
        """None for a route without cache."""
        ticket = open_ticket(known, asked)
        if ticket is None:
            return None
        if not ticket.reads:
            self.tally.count(ticket.policy.project_id, asked.route, "bypassed")
        return Visit(ticket)

    async def look(self, visit: Visit) -> Hit | None:
        """The exact answer first, then that of a similar question; `visit.hit` is set too."""
        ticket = visit.ticket
        if not ticket.reads:
            return None
        hit = await self._exact(ticket) or await self._similar(visit)
        visit.hit = hit
        policy = ticket.policy
        self.tally.count(policy.project_id, policy.route, f"{hit.kind}_hits" if hit else "misses")
        if hit and hit.answer.cost_nano:
            self.tally.count(policy.project_id, policy.route, "saved_nano", hit.answer.cost_nano)
        return hit

    def keep(self, visit: Visit, answer: StoredAnswer) -> str:
        """Have a fresh answer kept, in the background; why not, "" if it is."""
        if not visit.ticket.writes:
            return visit.ticket.verdict.reason or "no-store"
        if reason := why_not_kept(answer.body, visit.ticket.policy):
            return reason
        return "" if self._later(self._store(visit, answer)) else "busy"

    def note_sample(self, visit: Visit, fresh: bytes) -> None:
        """A sampled hit was answered freshly too: `fresh` is that chat completion. To be judged by a worker."""
        if visit.hit is not None and visit.ticket.semantic is not None:
            self._later(self._insert_sample(visit, visit.hit, fresh))

    def note_shared(self, visit: Visit, saved_nano: int | None) -> None:
        """A request got its answer from a flight that another one leads."""
        policy = visit.ticket.policy
        self.tally.count(policy.project_id, policy.route, "shared")
        if saved_nano:
            self.tally.count(policy.project_id, policy.route, "saved_nano", saved_nano)

    async def flush(self) -> None:
        """Add what was counted to Postgres. Raises what Postgres raises, and then keeps it for the next time."""
        if self._used:
            used, self._used = self._used, Counter()
            await self.semantic.note_used(used)
        if self.tally.sums:
            async with self.semantic.writing.connection() as connection:
                await self.tally.flush(connection)

    async def _exact(self, ticket: Ticket) -> Hit | None:
        if not ticket.policy.exact:
            return None
        answer = await self.exact.get(ticket.policy, ticket.key)
        return _fresh_hit(ticket, answer) if answer else None

    async def _similar(self, visit: Visit) -> Hit | None:
        ticket = visit.ticket
        vector = await self._vector(visit)
        near = await self.semantic.nearest(ticket, vector) if vector else None
        hit = _fresh_hit(ticket, near.answer) if near else None
        if near is None or hit is None:
            return None
        self._used[near.id] += 1
        sampled = random.random() < ticket.policy.sample_share  # noqa: S311  (no secret: which hits are checked)
        return hit._replace(similarity=near.similarity, known=near.question, sampled=sampled)

    async def _vector(self, visit: Visit) -> Embedded | None:
        query = visit.ticket.semantic
        if query is None or visit.vector is not None:
            return visit.vector
        try:
            embedder = self._embedder_of(visit.ticket.policy)
            row = (await embedder.embed([query.text]))[0]
        except (EmbeddingFailed, UnknownEmbedder) as error:
            log.warning("The semantic cache of %s has no vector: %s", visit.ticket.policy.route, error)
            return None
        visit.vector = Embedded(row, embedder.name)
        return visit.vector

    async def _store(self, visit: Visit, answer: StoredAnswer) -> None:
        policy = visit.ticket.policy
        stored = False
        if policy.exact:
            kept = await self.exact.put(policy, visit.ticket.key, answer)
            stored = kept.stored
            self.tally.count(policy.project_id, policy.route, "evicted", kept.evicted)
        if vector := await self._vector(visit):
            stored = await self.semantic.put(visit.ticket, vector, answer) or stored
        self.tally.count(policy.project_id, policy.route, "stored", int(stored))

    async def _insert_sample(self, visit: Visit, hit: Hit, fresh: bytes) -> None:
        with contextlib.suppress(*AWAY):
            async with self.semantic.writing.connection() as connection:
                await insert_sample(connection, visit.ticket, hit.known, hit.similarity or 0.0, hit.answer.body, fresh)

    def _later(self, work: Coroutine[Any, Any, None]) -> bool:
        if len(self._pending) >= MOST_PENDING:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work)
        self._pending.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._pending.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("An answer could not be kept.", exc_info=error)

    async def _keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except AWAY as error:
                self.semantic.availability.failed(error)


def _fresh_hit(ticket: Ticket, answer: StoredAnswer) -> Hit | None:
    age = time.time() - answer.created
    return Hit(answer, age) if ticket.accepts(age) else None
