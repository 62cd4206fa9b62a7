"""Migrating and seeding: whether it can change anything this time, and waiting for it."""

import hashlib
from pathlib import Path

from flywheel.local.disk import disk_full, mentions_full_disk
from flywheel.local.instance import ROOT
from flywheel.local.problems import Problem
from flywheel.local.processes import Child

MARK = "migrated"
LONGEST_SECONDS = 1800.0  # a big database may take its time to migrate


def is_migrated(cluster: Path) -> bool:
    """Whether the database in `cluster` had all of today's migrations at an earlier start."""
    mark = cluster / MARK
    return mark.exists() and mark.read_text() == _migrations()


def finish(child: Child, cluster: Path | None) -> None:
    """Wait for the preparing process, and note in `cluster` (None: a server of the user) what it did.

    Raises:
        Problem: it failed, with its last lines.
    """
    migrations = _migrations()
    status, output = child.wait(LONGEST_SECONDS), child.last_lines()
    child.stop()
    if status and mentions_full_disk(output):
        raise disk_full(child.log.parent)
    if status != 0:
        raise Problem(f"The database could not be prepared; the last lines (see {child.log}) were:\n{output}")
    if cluster:
        (cluster / MARK).write_text(migrations)


def _migrations() -> str:
    """Changes with every migration of ours, and with the locked packages, which bring some of their own."""
    digest = hashlib.sha256((ROOT / "requirements" / "core.txt").read_bytes())
    for path in sorted((ROOT / "apps").glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
