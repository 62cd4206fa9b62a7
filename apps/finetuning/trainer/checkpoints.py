"""Checkpoints that are whole or not there: written beside, synced, renamed."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from apps.finetuning.trainer.problems import unwritable

KEPT = 2
# The supervisor copies a checkpoint as soon as it hears of it; so long it has time to.
KEPT_SECONDS = 120.0


def write_whole(target: Path, write: Callable[[Path], None], what: str) -> Path:
    """Have `write` fill a folder beside `target`, which then takes its place. Nothing is left when that fails."""
    beside = target.with_name(f".{target.name}.writing")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        write(beside)
        sync(beside)
        shutil.rmtree(target, ignore_errors=True)
        beside.rename(target)
        _sync_one(target.parent)
    except Exception as error:
        # Libraries write in their own ways: safetensors and torch do not raise OSError for a full disk.
        shutil.rmtree(beside, ignore_errors=True)
        raise unwritable(what, error) from error
    return target


def sync(folder: Path) -> None:
    """Every file below a folder, and the folders, are on the disk afterwards."""
    for path in [*folder.rglob("*"), folder]:
        _sync_one(path)


def drop_old(folder: Path) -> None:
    """Only the newest checkpoints and those of the last minutes stay."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for path in found[:-KEPT]:
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
