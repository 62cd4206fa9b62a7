"""What a killed parent left running, and waiting for it to be gone."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from flywheel.local.identity import identity
from flywheel.local.problems import Problem


def stop_leftover(record: Path, stop_signal: signal.Signals, timeout: float = 10.0) -> None:
    """End the process that an earlier, killed parent left behind, if it still runs."""
    if not record.exists():
        return
    known = record.read_text()
    pid = int(known.split()[0]) if known else 0
    if pid and identity(pid) == known:
        _signal(pid, stop_signal)
        if not wait_until(lambda: identity(pid) != known, timeout):
            _signal(pid, signal.SIGKILL)
            if not wait_until(lambda: identity(pid) != known, timeout):
                raise Problem(f"Process {pid} of an earlier run does not end; stop it with `kill -9 {pid}`.")
    record.unlink()


def wait_until(condition: Callable[[], bool], timeout: float, interval: float = 0.02) -> bool:
    """Poll `condition` for up to `timeout` seconds; False when it never held."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise Problem(
            f"Process {pid} of an earlier run belongs to another user; stop it as that user, or choose another "
            "directory with FLYWHEEL_DATA_DIR=…"
        ) from error
