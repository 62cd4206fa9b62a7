"""How far the shipper of this machine is behind."""

import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.tracing.domain.shipping import REJECTED_DIRECTORY, read_status
from llmkit.spool import segments

SILENT_SECONDS = 10.0


@dataclass(frozen=True)
class Shipping:
    """shipped, rejected: lines since the spool was made; backlog_bytes: written and not yet in Postgres.

    lag_seconds: an upper bound of how long the oldest unshipped byte has been waiting, 0 without any; running:
    whether a shipper has said anything lately.
    """

    shipped: int
    rejected: int
    backlog_bytes: int
    lag_seconds: float
    running: bool
    database_away: bool


def shipping() -> Shipping:
    """Read from the spool directory alone, so that it can be told while Postgres is away; all kinds of records."""
    spool, now = settings.SPOOL_DIR, time.time()
    status = read_status(spool)
    folders = [spool, *_folders_below(spool)]
    statuses = [status, *(read_status(folder) for folder in folders[1:])]
    waiting = [_waiting(folder, now) for folder in folders]
    return Shipping(
        shipped=sum(each.shipped for each in statuses),
        rejected=sum(each.rejected for each in statuses),
        backlog_bytes=sum(size for size, _ in waiting),
        lag_seconds=max(0.0, now - min(oldest for _, oldest in waiting)),
        running=now - status.at < SILENT_SECONDS,
        database_away=status.database_away,
    )


def _folders_below(spool: Path) -> list[Path]:
    """One for every kind of record beside spans."""
    return sorted({path.parent for path in spool.glob("*/*")} - {spool / REJECTED_DIRECTORY})


def _waiting(folder: Path, now: float) -> tuple[int, float]:
    """Bytes not shipped yet, and the earliest moment since which they may have been waiting."""
    status = read_status(folder)
    backlog, oldest = 0, now
    for path in segments(folder):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # shipped and deleted since the directory was read
        if (waiting := stat.st_size - status.offsets.get(path.name, 0)) > 0:
            backlog += waiting
            # The shipper had everything at caught_up_at; a segment it never saw has waited since it was made, at most.
            oldest = min(oldest, status.caught_up_at or stat.st_ctime)
    return backlog, oldest
