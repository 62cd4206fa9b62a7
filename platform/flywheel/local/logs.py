"""Logs of earlier starts, of which three are kept."""

from pathlib import Path

KEPT = 3


def rotate(folder: Path) -> None:
    """Rename every `x.log` to `x.log.1`, `x.log.1` to `x.log.2` and so on."""
    for log in folder.glob("*.log"):
        for number in range(KEPT - 1, 0, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number + 1}"))
        log.replace(log.with_name(f"{log.name}.1"))
