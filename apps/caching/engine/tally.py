"""What the caches of a process did, counted in memory and added to the hours in Postgres every few seconds."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import AsyncConnection

FIELDS: Final = (
    "exact_hits", "semantic_hits", "misses", "shared", "bypassed", "stored", "evicted", "saved_nano",
)  # fmt: skip
# Rows are touched in the order of their key, so that two processes never wait for each other in a circle.
_ADD: Final = f"""
    INSERT INTO caching_cachehour (project_id, route, hour, {", ".join(FIELDS)})
    SELECT %s, %s, date_trunc('hour', now()), {", ".join(["%s"] * len(FIELDS))}
    WHERE EXISTS (SELECT 1 FROM accounts_project WHERE id = %s)
    ON CONFLICT (project_id, route, hour)
    DO UPDATE SET {", ".join(f"{name} = caching_cachehour.{name} + EXCLUDED.{name}" for name in FIELDS)}
"""  # noqa: S608  (names of our own columns)

Place = tuple[str, str]


class Tally:
    """Sums by project and route since the last flush. What is counted at a `kill -9` and not yet added is lost."""

    def __init__(self) -> None:
        self.sums: dict[Place, Counter[str]] = defaultdict(Counter)
        self.since = datetime.now(UTC)

    def count(self, project_id: str, route: str, field: str, number: int = 1) -> None:
        self.sums[project_id, route][field] += number

    async def flush(self, connection: AsyncConnection[Any]) -> None:
        """Add everything in one transaction; on any error nothing is added, and it is kept for the next time."""
        taken, self.sums = self.sums, defaultdict(Counter)
        rows = [
            [project_id, route, *(sums[name] for name in FIELDS), project_id]
            for (project_id, route), sums in sorted(taken.items())
        ]
        try:
            async with connection.transaction(), connection.cursor() as cursor:
                await cursor.executemany(_ADD, rows)
        except BaseException:
            for place, sums in taken.items():
                self.sums[place].update(sums)
            raise
