"""Keeps processes running: starts again what ended by itself, with growing patience, and says so."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from flywheel.local.problems import Problem
from flywheel.local.processes import Runnable
from flywheel.local.progress import say

LONGEST_PAUSE_SECONDS = 30.0
# Having run this long, a process counts as healthy again and its next failure is its first.
HEALTHY_AFTER_SECONDS = 60.0


@dataclass
class Watched:
    runnable: Runnable
    started: float
    failures: int = 0
    start_again_at: float | None = None


class Supervisor:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watched: list[Watched] = []

    def watch(self, runnable: Runnable) -> None:
        """Look after something that was started already."""
        self._watched.append(Watched(runnable, started=self._clock()))

    def check(self) -> None:
        """Notice what ended and start what is due; call it a few times a second."""
        for watched in self._watched:
            if watched.start_again_at is not None:
                if self._clock() >= watched.start_again_at:
                    self._start_again(watched)
            elif not watched.runnable.running:
                self._plan_restart(watched, watched.runnable.last_lines())

    def _plan_restart(self, watched: Watched, output: str) -> None:
        if self._clock() - watched.started > HEALTHY_AFTER_SECONDS:
            watched.failures = 0
        pause = min(0.5 * 2**watched.failures, LONGEST_PAUSE_SECONDS)
        watched.failures += 1
        watched.start_again_at = self._clock() + pause
        say(f"  {watched.runnable.name} ended by itself; starting it again in {pause:g} s. Its last lines:\n{output}")

    def _start_again(self, watched: Watched) -> None:
        watched.start_again_at = None
        watched.started = self._clock()
        try:
            watched.runnable.start()
        except (Problem, OSError) as problem:
            # On a full disk a process may run whose record could not be written: that is better than none.
            if not watched.runnable.running:
                self._plan_restart(watched, f"    {problem}")
