"""Ends the children of a parent that was killed.

On Linux the kernel tells the children themselves, but it cannot insist, and it does not tell grandchildren; elsewhere
it tells nobody. So a small process of its own reads a pipe whose other end only the parent holds. It is started as a
script, with nothing but the standard library.
"""

import os
import signal
import sys
import time

PATIENCE_SECONDS = 20.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        action, group, number = line.split()
        if action == "add":
            groups[int(group)] = int(number)
        else:
            groups.pop(int(group), None)
    end(groups)


def end(groups: dict[int, int]) -> None:
    """Send each group its own signal, and SIGKILL to those that are still there after a while."""
    for group, number in groups.items():
        tell(group, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(tell(group, 0) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        tell(group, signal.SIGKILL)


def tell(group: int, number: int) -> bool:
    """False when the group is gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
