"""A job's subprocess: a process group of its own, whose output is read line by line as it comes."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from apps.compute.domain.events import Event, LogLine, clean, event_of
from apps.compute.engine.kinds import Plan

LAST_LINES = 20


class Child:
    """Started at once. Its standard input stays open for as long as this process lives: see Reporter."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._process = subprocess.Popen(
            plan.argv,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **plan.env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._readers = [self._read(self._process.stdout, self._event), self._read(self._process.stderr, self._log)]

    @property
    def running(self) -> bool:
        """Also while output is still to be read; what the process left behind is ended, or it would hold that open."""
        if self._process.poll() is None:
            return True
        self._signal(signal.SIGKILL)
        return any(reader.is_alive() for reader in self._readers)

    @property
    def exit_status(self) -> int:
        return self._process.wait()

    def next(self, timeout: float) -> Event | None:
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            return None

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """The whole group; returns when it is gone."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Nothing of it stays, however the supervision ended."""
        self.kill()
        for reader in self._readers:
            reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self, pipe: "IO[str] | None", take: Callable[[str], None]) -> threading.Thread:
        def read() -> None:
            for line in pipe or ():
                take(line)

        thread = threading.Thread(target=read, name="job-output", daemon=True)
        thread.start()
        return thread

    def _event(self, line: str) -> None:
        self.events.put(event_of(line))

    def _log(self, line: str) -> None:
        text = clean(line)
        self.last_lines.append(text)
        self.events.put(LogLine(text))
