"""Lines that say what is being done, and that it still is."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

TICK_SECONDS = 2.0


def say(text: str = "", end: str = "\n") -> None:
    """Print at once. When the terminal is gone nobody reads it, and stopping cleanly must not fail for that."""
    try:
        print(text, end=end, flush=True)
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (stays open as long as the process)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print `text`, a dot every two seconds while the block runs, and its duration.

    The dots come from a timer signal, not a thread: the block starts processes, and forking a threaded parent is
    unsafe. Main thread only.
    """
    say(f"  {text} …", end="")
    began = time.monotonic()
    previous = signal.signal(signal.SIGALRM, _tick)
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)
    ending = ""
    try:
        yield
        ending = f" {time.monotonic() - began:.1f} s"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        say(ending)


def _tick(number: int, frame: FrameType | None) -> None:
    say(".", end="")
