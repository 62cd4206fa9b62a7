"""One process for the whole spool: a shipper for every kind of record, in turns."""

import fcntl
import logging
import math
import os
import time
from pathlib import Path
from threading import Event

from apps.tracing.domain.shipping import LOCK_FILE
from apps.tracing.engine.connection_watch import ConnectionWatch
from apps.tracing.engine.shipper import Shipper
from apps.tracing.engine.sinks import all_sinks

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.05
AWAY_SECONDS = 0.5
DRAIN_SECONDS = 5.0


class Crew:
    """The shippers of one spool directory."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.watch = ConnectionWatch(spool)
        self.shippers = [Shipper(spool, sink, self.watch) for sink in all_sinks()]

    def run(self, stop: Event) -> None:
        """Ship until `stop` is set, then what is still there, for at most DRAIN_SECONDS."""
        for shipper in self.shippers:
            shipper.make_folder()
        lock = _wait_for_turn(self.spool / LOCK_FILE, stop)
        try:
            while not stop.is_set():
                if not self.step():
                    stop.wait(AWAY_SECONDS if self.watch.away else IDLE_SECONDS)
            self.drain(seconds=DRAIN_SECONDS)
        finally:
            os.close(lock)

    def drain(self, *, seconds: float = math.inf) -> None:
        """Ship until nothing is left, Postgres is away, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.step() and time.monotonic() < deadline:
            pass

    def step(self) -> bool:
        """One batch of each kind; whether any of them was stored."""
        return any([shipper.step() for shipper in self.shippers])  # noqa: C419  (each has its turn)


def _wait_for_turn(path: Path, stop: Event) -> int:
    """The lock of a spool: a second process stands by until the first is gone."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    waiting = False
    while not stop.is_set():
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not waiting:
                log.info("Another shipper works on %s; standing by.", path.parent)
            waiting = True
            stop.wait(0.5)
    return fd
