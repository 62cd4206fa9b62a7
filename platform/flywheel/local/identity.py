"""Telling one process from a later one that was given the same number."""

import errno
import subprocess
import sys
from pathlib import Path

LINUX = sys.platform == "linux"


def identity(pid: int) -> str | None:
    """A string that no other process ever has, or None when `pid` no longer runs (zombies do not run)."""
    return _by_proc(pid) if LINUX else _by_ps(pid)


def alive(pid: int) -> bool:
    return identity(pid) is not None


def command_line(pid: int) -> str:
    """The command and its arguments, or "" when the process is gone."""
    if LINUX:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    return _ps(pid, "command=")


def _by_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ESRCH}:
            return None
        raise
    # The name in the second field may hold blanks and brackets, the fields after it may not.
    state, *numbers = stat.rpartition(")")[2].split()
    return None if state in "ZX" else f"{pid} {numbers[18]} {boot[:8]}"


def _by_ps(pid: int) -> str | None:
    state = _ps(pid, "state=")
    return None if not state or state.startswith("Z") else f"{pid} {_ps(pid, 'lstart=')}"


def _ps(pid: int, column: str) -> str:
    answer = subprocess.run(["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()
