"""Answers of similar questions: the nearest ones of a partition, in Postgres."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from apps.caching.domain.answers import StoredAnswer, Unreadable, pack, unpack
from apps.caching.domain.calibration import NEAREST
from apps.caching.domain.guard import disagreement
from apps.caching.domain.policy import DIMENSIONS
from apps.caching.domain.ticket import SemanticQuery, Ticket
from apps.caching.engine.embedders import Vectors
from apps.caching.engine.pools import open_pool
from llmkit.availability import Availability

LOOK_MS, WRITE_MS = 50, 5_000
LOOKERS, WRITERS = 4, 2
# At the start, for the first connections; whoever comes before they are there finds nothing.
FIRST_CONNECTION_SECONDS = 2.0
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, OSError)

# The index holds half-precision numbers; the similarity of what it finds is computed from the whole ones.
_NEAREST: Final = f"""
    SELECT id, question, answer, 1 - (embedding <=> %(vector)b) AS similarity
    FROM caching_semanticentry
    WHERE partition = %(partition)b AND expires_at > now()
    ORDER BY embedding::halfvec({DIMENSIONS}) <=> %(vector)b::halfvec({DIMENSIONS})
    LIMIT %(limit)s
"""  # noqa: S608  (a constant of our own)
_INSERT: Final = """
    INSERT INTO caching_semanticentry (project_id, route, scope, embedder, partition, key, question, embedding, answer,
                                       size, created_at, expires_at, last_used_at, hits)
    VALUES (%(project_id)s, %(route)s, %(scope)s, %(embedder)s, %(partition)b, %(key)b, %(question)s, %(embedding)b,
            %(answer)b, %(size)s, %(created_at)s, %(expires_at)s, %(created_at)s, 0)
    ON CONFLICT (key) DO UPDATE SET answer = EXCLUDED.answer, size = EXCLUDED.size, created_at = EXCLUDED.created_at,
                                    expires_at = EXCLUDED.expires_at, last_used_at = EXCLUDED.last_used_at
"""
_USED: Final = """
    UPDATE caching_semanticentry AS entry SET hits = hits + used.count::int, last_used_at = now()
    FROM jsonb_each_text(%s) AS used (id, count) WHERE entry.id = used.id::bigint
"""
# A row's own bytes beside answer and question: vector, hashes, times, and its places in four indexes.
ROW_OVERHEAD: Final = 4_096


class Embedded(NamedTuple):
    """A vector, shape (384,), and who made it."""

    row: Vectors
    embedder: str


class Near(NamedTuple):
    """A kept answer to a similar question; similarity: the cosine, up to 1."""

    id: int
    question: str
    similarity: float
    answer: StoredAnswer


class SemanticCache:
    """Belongs to one event loop. While Postgres is away or slow everything is a miss and nothing is kept."""

    def __init__(self) -> None:
        self._looking = open_pool(size=LOOKERS, statement_ms=LOOK_MS, wait_s=LOOK_MS / 1000, looks=True)
        self.writing = open_pool(size=WRITERS, statement_ms=WRITE_MS, wait_s=WRITE_MS / 1000, looks=False)
        self.availability = Availability("Postgres", "semantic caches find and keep nothing until it is back.")

    async def start(self) -> None:
        """Returns once there are connections, or after a while without: then everything is a miss until they come."""
        pools = (self._looking, self.writing)
        for pool in pools:
            await pool.open(wait=False)
        try:
            await asyncio.gather(*(pool.wait(FIRST_CONNECTION_SECONDS) for pool in pools))
        except PoolTimeout as error:
            self.availability.failed(error)

    async def aclose(self) -> None:
        await self._looking.close(timeout=1)
        await self.writing.close(timeout=1)

    async def nearest(self, ticket: Ticket, vector: Embedded) -> Near | None:
        """The nearest answer above the policy's threshold that the guard lets through."""
        query = ticket.semantic
        if query is None or not self.availability.usable():
            return None
        values = {"vector": vector.row, "partition": partition_of(query, vector), "limit": NEAREST}
        try:
            async with self._looking.connection() as connection:
                found = await (await connection.execute(_NEAREST, values)).fetchall()
        except AWAY as error:
            self.availability.failed(error)
            return None
        self.availability.worked()
        return _first_that_fits(ticket, query.text, found)

    async def put(self, ticket: Ticket, vector: Embedded, answer: StoredAnswer) -> bool:
        """Keep an answer; not for the hot path, since the index takes its time."""
        if ticket.semantic is None or not self.availability.usable():
            return False
        try:
            async with self.writing.connection() as connection:
                await connection.execute(_INSERT, _row(ticket, vector, answer))
        except psycopg.IntegrityError:
            return False  # the project is gone meanwhile
        except AWAY as error:
            self.availability.failed(error)
            return False
        return True

    async def note_used(self, counts: Mapping[int, int]) -> None:
        """Add to the uses of entries, by their id. Raises what Postgres raises."""
        async with self.writing.connection() as connection:
            await connection.execute(_USED, [Jsonb({str(id_): count for id_, count in counts.items()})])


def partition_of(query: SemanticQuery, vector: Embedded) -> bytes:
    """32 bytes: vectors of different embedders never meet."""
    return blake2b(query.partition + vector.embedder.encode(), digest_size=32).digest()


def _first_that_fits(ticket: Ticket, asked: str, found: list[tuple[Any, ...]]) -> Near | None:
    for id_, question, packed, similarity in found:
        if similarity < ticket.policy.threshold:
            return None
        if disagreement(asked, question, word_by_word=ticket.policy.lexical):
            continue
        try:
            return Near(id_, question, min(1.0, similarity), unpack(bytes(packed)))
        except Unreadable:
            continue
    return None


def _row(ticket: Ticket, vector: Embedded, answer: StoredAnswer) -> dict[str, Any]:
    query, policy, packed = ticket.semantic, ticket.policy, pack(answer)
    assert query is not None  # noqa: S101  (put() has looked)
    created = datetime.fromtimestamp(answer.created, UTC)
    return {
        "project_id": policy.project_id,
        "route": policy.route,
        "scope": query.scope,
        "embedder": vector.embedder,
        "partition": partition_of(query, vector),
        "key": ticket.key,
        "question": query.text,
        "embedding": vector.row,
        "answer": packed,
        "size": len(packed) + len(query.text) + ROW_OVERHEAD,
        "created_at": created,
        "expires_at": created + timedelta(seconds=policy.ttl_s),
    }
