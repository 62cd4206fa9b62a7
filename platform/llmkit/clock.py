"""Reading the clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """Nanoseconds since the epoch that never run backwards within a process.

    The wall clock is read once; after that the monotonic clock advances it, so that the spans of one request
    add up even when the wall clock is set meanwhile. `resync` is for long-lived processes.
    """

    def __init__(self) -> None:
        self.resync()

    def resync(self) -> None:
        self.offset = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        return self.offset + time.monotonic_ns()
