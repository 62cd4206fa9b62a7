"""The parent's side of the watchdog: it is told of every child that starts and ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flywheel.local import watchdog


class Guard:
    """Keeps a watchdog process that ends the registered process groups when this process is killed."""

    def __init__(self) -> None:
        self._groups: dict[int, int] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = str(Path(watchdog.__file__))
        argv = [sys.executable, "-I", "-S", script]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True, start_new_session=True)
        for group, number in self._groups.items():
            self._tell("add", group, number)

    def add(self, group: int, stop_signal: int) -> None:
        self._groups[group] = stop_signal
        self._tell("add", group, stop_signal)

    def remove(self, group: int) -> None:
        self._groups.pop(group, None)
        self._tell("remove", group, 0)

    def stop(self) -> None:
        """Let the watchdog go; by now there should be nothing left for it to end."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _tell(self, action: str, group: int, number: int) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(f"{action} {group} {number}\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # somebody killed it: a new one learns of every group again
            self._process.wait()
            self.start()


_current: Guard | None = None


@contextmanager
def guarded() -> Iterator[None]:
    """Within the block, every child of this process is known to a watchdog."""
    global _current  # noqa: PLW0603  (a process has one parent, and a parent one watchdog)
    guard = _current = Guard()
    guard.start()
    try:
        yield
    finally:
        _current = None
        guard.stop()


def current() -> Guard | None:
    return _current
