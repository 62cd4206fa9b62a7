"""Whole instances of Flywheel, started and stopped as a user does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from flywheel.local.identity import alive
from flywheel.local.ports import free_port
from flywheel.local.readiness import status
from tests.helpers.waiting import eventually

START_SECONDS = 180.0
STOP_SECONDS = 60.0
CHANGE_SECONDS = 60.0
NUMBERS = count(1)
# What a session of tests sets for itself must not leak into an instance.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class Instance:
    """`python -m flywheel.local up` on its own directory and port."""

    def __init__(self, folder: Path, port: int | None = None, *, extras: str = "") -> None:
        self.data, self.extras = folder / "data", extras
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        given = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # The local engine is a process like the others, but loading torch takes long.
        own = {"FLYWHEEL_DATA_DIR": str(self.data), "FLYWHEEL_PORT": str(self.port), "FLYWHEEL_EXTRAS": self.extras}
        return given | own

    def launch(self) -> None:
        self._said = self.data.with_name(f"said-{self.port}-{next(NUMBERS)}.txt")
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flywheel.local", "up"],
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """What this start has said so far."""
        return self._said.read_text()

    def start(self) -> None:
        self.launch()
        eventually(lambda: "is ready" in self.output or not self.running, within=START_SECONDS)
        assert self.running, self.output

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for `condition`; what the instance has said is part of the message when it does not come true."""
        try:
            eventually(condition, within=CHANGE_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from error

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal and return the exit status."""
        if self.running:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def health(self) -> int | None:
        return status(f"http://127.0.0.1:{self.port}/healthz")

    def processes(self) -> dict[str, int]:
        """The numbers of the processes that the instance has on record."""
        records = (self.data / "run").glob("*.process")
        return {record.stem: int(known.split()[0]) for record in records if (known := record.read_text())}

    def descendants(self) -> list[int]:
        """Every process below the supervisor, at any depth."""
        return _below(self.process.pid)


def _below(pid: int) -> list[int]:
    answer = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    children = [child for child, parent in pairs if parent == pid]
    return children + [below for child in children for below in _below(child)]


def all_gone(pids: list[int]) -> bool:
    return not any(map(alive, pids))
