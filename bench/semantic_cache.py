"""How long a semantic lookup takes among 100,000 entries: `make bench-cache`.

Fills a throw-away Postgres with questions made of own patterns, in three arrangements at once: one partition of 100,000
entries (a project that shares everything), one of 10,000, and 1,000 small ones (users of their own). Then asks as the
gateway does, through its pool and its statement, one lookup after the other and four at a time.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import django
import numpy as np
import uvloop

from bench import machine
from flywheel.local.throwaway import throwaway_instance

if TYPE_CHECKING:
    from apps.caching.domain.ticket import Ticket
    from apps.caching.engine.semantic import Embedded, SemanticCache

ROOT = Path(__file__).resolve().parents[1]
GOAL_MS = 10.0


def words(text: str) -> list[str]:
    return text.split()


VERBS = words("clean reset connect install open close repair charge update replace mount test move wash dry")
THINGS = words("filter pump router battery door lamp screen valve motor handle cable camera sensor belt switch")
PLACES = words("kitchen garden garage office cellar attic boat van workshop bathroom balcony harbor studio barn hall")
ADJECTIVES = words("old new small large wet broken blue heavy loose quiet smart spare second rear upper")
COPY = (
    "COPY caching_semanticentry (project_id, route, scope, embedder, partition, key, question, embedding, answer, size,"
    " created_at, expires_at, last_used_at, hits) FROM STDIN"
)


class Arrangement(NamedTuple):
    """`users` partitions of equal size with `entries` in all."""

    name: str
    entries: int
    users: int


def arrangements(entries: int) -> list[Arrangement]:
    return [
        Arrangement("one partition", entries, 1),
        Arrangement("a tenth", entries // 10, 1),
        Arrangement("many small", entries // 10, max(1, entries // 100)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--lookups", type=int, default=2_000)
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "semantic_cache.json")
    options = parser.parse_args()
    with throwaway_instance(os.environ) as environment:
        os.environ |= environment | {"DJANGO_SETTINGS_MODULE": "flywheel.settings"}
        django.setup()
        bench = Bench(options.entries, options.lookups)
        bench.fill()
        figures = uvloop.run(bench.measure())
    report(figures, options)


def question(chance: random.Random) -> str:
    words = [chance.choice(words) for words in (VERBS, ADJECTIVES, THINGS, PLACES, ADJECTIVES, THINGS)]
    return "How do I {} the {} {} in the {} with the {} {}?".format(*words)


class Bench:
    def __init__(self, entries: int, lookups: int) -> None:
        self.entries, self.lookups = entries, lookups
        self.chance = random.Random(7)
        self.seconds_to_fill = 0.0
        self.kept: dict[str, list[tuple[int, str]]] = defaultdict(list)  # some of each arrangement, with their user

    def fill(self) -> None:
        """Migrate, add a project, copy the entries in, build the index as the migration does, analyse."""
        from django.core.management import call_command
        from django.db import connection

        from apps.accounts.models import Organisation, Project

        call_command("migrate", verbosity=0, stdout=StringIO())
        organisation = Organisation.objects.create(name="Bench", slug="bench")
        self.project = Project.objects.create(organisation=organisation, name="Bench", slug="bench")
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SELECT pg_get_indexdef('semantic_entry_embedding'::regclass)")
            (index,) = cursor.fetchone()
            cursor.execute("DROP INDEX semantic_entry_embedding")
            with cursor.copy(COPY) as copy:
                for row in self.rows():
                    copy.write_row(row)
            cursor.execute(index)
            cursor.execute("ANALYZE caching_semanticentry")
        self.seconds_to_fill = time.perf_counter() - started

    def rows(self) -> Iterator[list[Any]]:
        from datetime import UTC, datetime, timedelta

        from apps.caching.domain.answers import StoredAnswer, pack
        from apps.caching.engine.semantic import partition_of

        now = datetime.now(UTC)
        answer = pack(StoredAnswer(b'{"choices": []}' * 20, "bench", time.time()))
        number = 0
        for arrangement in arrangements(self.entries):
            tickets = [self.ticket(arrangement, user, "") for user in range(arrangement.users)]
            for start in range(0, arrangement.entries, 1_000):
                size = min(1_000, arrangement.entries - start)
                texts = [question(self.chance) for _ in range(size)]
                for text, vector in zip(texts, embed(texts), strict=True):
                    user = number % arrangement.users
                    if number % 7 == 0:
                        self.kept[arrangement.name].append((user, text))
                    query = tickets[user].semantic
                    assert query is not None
                    number += 1
                    times = (now, now + timedelta(hours=1), now)
                    yield [
                        self.project.id, "bench", query.scope, vector.embedder, partition_of(query, vector),
                        number.to_bytes(32, "big"), text, as_text(vector.row), answer, len(answer), *times, 0,
                    ]  # fmt: skip

    def ticket(self, arrangement: Arrangement, user: int, text: str) -> "Ticket":
        import msgspec

        from apps.caching.domain.assessing import Verdict
        from apps.caching.domain.control import UNSAID
        from apps.caching.domain.policy import RoutePolicy
        from apps.caching.domain.ticket import SemanticQuery, Ticket

        policy = RoutePolicy(project_id=str(self.project.id), route="bench", exact=False, semantic=True, threshold=0.88)
        partition = msgspec.json.encode([arrangement.name, user]).ljust(32, b" ")
        query = SemanticQuery(text, partition, f"user:{user}")
        return Ticket(policy=policy, verdict=Verdict(), control=UNSAID, key=b"k" * 32, semantic=query)

    async def measure(self) -> dict[str, Any]:
        from apps.caching.engine.semantic import SemanticCache

        cache = SemanticCache()
        await cache.start()
        figures: dict[str, Any] = {"seconds_to_fill": round(self.seconds_to_fill, 1)}
        try:
            for arrangement in arrangements(self.entries):
                for at_once in (1, 4):
                    asked = self.asked(arrangement)
                    await self.times(cache, asked[:200], at_once)  # warm
                    name = f"{arrangement.name}, {at_once} at a time"
                    figures[name] = summary(*await self.times(cache, asked[200:], at_once))
        finally:
            await cache.aclose()
        return figures

    def asked(self, arrangement: Arrangement) -> "list[tuple[Ticket, Embedded]]":
        """Every second question is a kept one, written a little differently; the others are new."""
        kept = self.chance.choices(self.kept[arrangement.name], k=self.lookups + 200)
        asked = [
            (user, text.lower().rstrip("?") if number % 2 else question(self.chance))
            for number, (user, text) in enumerate(kept)
        ]
        vectors = embed([text for _, text in asked])
        return [
            (self.ticket(arrangement, user, text), vector) for (user, text), vector in zip(asked, vectors, strict=True)
        ]

    async def times(
        self, cache: "SemanticCache", asked: "Sequence[tuple[Ticket, Embedded]]", at_once: int
    ) -> tuple[list[float], int]:
        """Milliseconds of each lookup, and how many found something."""
        took: list[float] = []
        found = 0
        waiting = iter(asked)

        async def one_after_the_other() -> None:
            nonlocal found
            for ticket, vector in waiting:
                started = time.perf_counter()
                near = await cache.nearest(ticket, vector)
                found += near is not None
                took.append((time.perf_counter() - started) * 1000)

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
        return took, found


def embed(texts: Sequence[str]) -> "list[Embedded]":
    from apps.caching.engine.semantic import Embedded
    from apps.serving.embedding import HashingEmbedder

    embedder = HashingEmbedder()
    return [Embedded(row, embedder.name) for row in embedder.vectors(texts)]


def as_text(row: "np.ndarray[Any, Any]") -> str:
    return "[" + ",".join(f"{value:.7g}" for value in row) + "]"


def summary(took: list[float], found: int) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=1000, method="inclusive")
    return {
        "lookups": len(took),
        "found": found,
        "p50_ms": round(cuts[499], 2),
        "p99_ms": round(cuts[989], 2),
        "p999_ms": round(cuts[998], 2),
        "max_ms": round(max(took), 2),
    }


def report(figures: dict[str, Any], options: argparse.Namespace) -> None:
    columns = ("p50_ms", "p99_ms", "p999_ms", "max_ms", "found")
    print(f"{'arrangement':28}" + "".join(f"{column:>10}" for column in columns))
    for name, each in figures.items():
        if isinstance(each, dict):
            print(f"{name:28}" + "".join(f"{each[column]:>10}" for column in columns))
    p99 = figures["one partition, 1 at a time"]["p99_ms"]
    print(f"\np99 of one lookup after the other among {options.entries:,} entries: {p99} ms (goal: {GOAL_MS} ms)")
    whole = {"ratios": {"p99_vs_goal": round(p99 / GOAL_MS, 3)}, "figures": figures, "machine": machine.describe()}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(whole | {"entries": options.entries}, indent=2) + "\n")


if __name__ == "__main__":
    main()
