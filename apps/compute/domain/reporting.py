"""How a job's subprocess tells its supervisor what it does. Plain Python: it runs beside torch and without Django."""

import json
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any


class Reporter:
    """One per process, made first thing in it.

    Events leave as JSON lines on what was the standard output; from then on prints go to the standard error, which
    is the job's log. The supervisor holds the other end of the standard input: when that closes, nobody watches any
    more, another attempt may be on its way, and this process ends with everything that it started.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._events = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()
        signal.signal(signal.SIGTERM, self._stop)
        threading.Thread(target=_end_with_supervisor, name="orphan-guard", daemon=True).start()

    def progress(self, done: float, *, stage: str = "", seconds_left: float | None = None) -> None:
        """done: share from 0 to 1."""
        self._send("progress", done=done, stage=stage, seconds_left=seconds_left)

    def metric(self, step: int, **values: float) -> None:
        self._send("metric", step=step, values=values)

    def checkpoint(self, step: int, folder: Path) -> None:
        """`folder` is complete: written beside and renamed. The supervisor stores a copy."""
        self._send("checkpoint", step=step, folder=str(folder))

    def result(self, **values: Any) -> None:
        self._send("result", values=values)

    def problem(self, message: str, *, permanent: bool = True) -> None:
        """An expected failure, in words for people. Permanent ones are not tried again."""
        self._send("problem", message=message, permanent=permanent)

    def _send(self, event: str, **members: Any) -> None:
        with self._lock:
            self._events.write(json.dumps({"event": event, **members}) + "\n")
            self._events.flush()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _end_with_supervisor() -> None:
    # Not through sys.stdin: its lock, held here for ever, would break the interpreter's own end.
    while os.read(0, 1024):
        continue
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(70)
