"""Child processes that end with their parent, and are recognised when they did not."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypedDict

from flywheel.local import guard
from flywheel.local.identity import identity
from flywheel.local.leftovers import stop_leftover, wait_until

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The system account that a child runs under when the parent is root."""

    name: str
    uid: int
    gid: int


class SpawnOptions(TypedDict):
    user: int | None
    group: int | None
    extra_groups: list[int] | None


def spawn_options(account: Account | None) -> SpawnOptions:
    """The arguments of `subprocess` that start a process under `account`; None is the present one."""
    if account is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


class Runnable(Protocol):
    """What the supervisor starts, watches and stops: a child, or a server with all that belongs to it."""

    name: str

    def start(self) -> None: ...

    def stop(self, timeout: float = ...) -> None: ...

    @property
    def running(self) -> bool: ...

    def last_lines(self) -> str: ...


@dataclass
class Child:
    """A process with its own group, log file and record of its identity.

    `record` outlives a killed parent, so that the next start finds what was left behind.
    """

    name: str
    argv: Sequence[str]
    log: Path
    record: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    before_start: Callable[[], None] = lambda: None  # runs once no leftover is alive
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; call it from the main thread, whose end the kernel reports to the child."""
        self._forget()
        stop_leftover(self.record, self.stop_signal)
        self.before_start()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                env=dict(self.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=_die_with_parent(self.stop_signal),  # noqa: PLW1509  (the parent has no threads)
                **spawn_options(self.account),
            )
        if watching := guard.current():
            watching.add(self.pid, self.stop_signal)
        self.record.write_text(identity(self.pid) or "")

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_lines(self, count: int = 12) -> str:
        """The end of the log, indented for showing under a message."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            lines = log.read().decode(errors="replace").splitlines()[-count:]
        return "\n".join(f"    {line}" for line in lines)

    def wait(self, timeout: float) -> int | None:
        """The exit status, or None when the process still runs after `timeout` seconds."""
        wait_until(lambda: not self.running, timeout)
        return self.process.poll() if self.process else None

    def ask_to_stop(self) -> None:
        if self.running:
            os.kill(self.pid, self.stop_signal)

    def stop(self, timeout: float = 15.0) -> None:
        """Ask the process to end, end its whole group after `timeout` seconds, and forget it."""
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            _signal_group(self.pid, signal.SIGKILL)
            self.process.wait()
        self._forget()
        self.record.unlink(missing_ok=True)

    def _forget(self) -> None:
        """End what the ended process itself left in its group."""
        if self.process is None:
            return
        _signal_group(self.pid, signal.SIGKILL)
        if watching := guard.current():
            watching.remove(self.pid)
        self.process = None


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """What the child does before exec: ask the kernel for `number` at the parent's death (Linux only)."""
    parent = os.getpid()

    def prepare() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
