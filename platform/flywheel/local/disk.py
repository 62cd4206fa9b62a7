"""Saying that the disk is full before a half-written database says it worse."""

import shutil
from pathlib import Path

from flywheel.local.problems import Problem

NEEDED_BYTES = 300 * 1024**2


def disk_full(folder: Path) -> Problem:
    return Problem(f"The disk that holds {folder} is full; free some space, or use another with FLYWHEEL_DATA_DIR=…")


def require_space(folder: Path, needed: int = NEEDED_BYTES) -> None:
    """Refuse to start with less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Problem(
            f"Only {free // 1024**2} MB are free on the disk that holds {folder}, and {needed // 1024**2} MB are "
            "needed; free some space, or use another disk with FLYWHEEL_DATA_DIR=…"
        )


def mentions_full_disk(text: str) -> bool:
    return "No space left on device" in text
