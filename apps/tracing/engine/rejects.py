"""Lines that can never be stored: kept for a person to look at, out of the queue's way."""

import hashlib
import json
import logging
from pathlib import Path

from apps.tracing.domain.shipping import REJECTED_DIRECTORY
from llmkit import clock

log = logging.getLogger(__name__)

MAX_KEPT = 10_000


class Rejects:
    """One file per line under `<spool>/rejected`, named by its content, so that it is kept and counted once."""

    def __init__(self, spool: Path) -> None:
        self.directory = spool / REJECTED_DIRECTORY

    def add(self, line: bytes, *, segment: str, reason: str) -> bool:
        """Keep a line with the reason; whether it is a new one. The log names no content: it may hold secrets."""
        path = self.directory / f"{hashlib.sha256(line).hexdigest()[:32]}.json"
        if path.exists():
            return False
        log.warning("A line of %s was set aside as %s: %s", segment, path.name, reason)
        try:
            self._write(path, line, segment, reason)
        except OSError as error:
            # The queue goes on: what can't be stored in one place must not stop what can be in the other.
            log.error("It could not be kept and is gone: %s", error)
        return True

    def _write(self, path: Path, line: bytes, segment: str, reason: str) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        if sum(1 for _ in self.directory.iterdir()) >= MAX_KEPT:
            raise OSError(f"{self.directory} already holds {MAX_KEPT} lines")
        body = {
            "at": clock.now().isoformat(),
            "segment": segment,
            "reason": reason,
            "line": line.decode("utf-8", "replace"),
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(body, indent=1))
