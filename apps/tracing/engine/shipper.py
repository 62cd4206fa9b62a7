"""Moves records from the spool to Postgres: in order, in bulk, again and again until they are there."""

import fcntl
import logging
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from apps.tracing.domain import rows
from apps.tracing.domain.shapes import Rows
from apps.tracing.domain.shipping import LOCK_FILE, read_status, write_status
from apps.tracing.engine.rejects import Rejects
from apps.tracing.engine.store import RowsRefused, SpanStore, StoreAway, UnknownProjects
from llmkit import clock
from llmkit.spool import SegmentReader, segments

log = logging.getLogger(__name__)

BATCH_SPANS = 2000
BATCH_BYTES = 8 * 1024 * 1024
IDLE_SECONDS = 0.05
AWAY_SECONDS = 0.5
STATUS_SECONDS = 1.0
DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Taken:
    """A line on its way, with where it came from."""

    line: bytes
    segment: str
    rows: Rows


class Shipper:
    """Ships one spool directory. Two at once do no harm: a span is stored and counted once."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.store, self.rejects = SpanStore(), Rejects(spool)
        self.readers: dict[Path, SegmentReader] = {}
        self.status = read_status(spool)
        self.status.pid = os.getpid()
        self._idle = False

    def run(self, stop: Event) -> None:
        """Ship until `stop` is set, then what is still there, for at most DRAIN_SECONDS."""
        self.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _wait_for_turn(self.spool / LOCK_FILE, stop)
        try:
            while not stop.is_set():
                if not self.step():
                    stop.wait(AWAY_SECONDS if self.status.database_away else IDLE_SECONDS)
            self.drain(seconds=DRAIN_SECONDS)
        finally:
            os.close(lock)

    def drain(self, *, seconds: float = math.inf) -> None:
        """Ship until nothing is left, Postgres is away, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.step() and time.monotonic() < deadline:
            pass

    def step(self) -> bool:
        """One batch; whether there was anything and it is stored now."""
        try:
            if self.status.database_away:
                self.store.check()
            lines = self.ship_batch()
        except StoreAway as error:
            self._note_database(away=True, why=str(error))
            return False
        self._note_database(away=False)
        self._note_status(idle=not lines)
        return lines > 0

    def ship_batch(self) -> int:
        """Read, store, and only then move on; the number of lines handled."""
        ends: dict[SegmentReader, int] = {}
        taken: list[Taken] = []
        handled, size = 0, 0
        self._look_for_segments()
        for reader in list(self.readers.values()):
            lines, end = self._read(reader, BATCH_SPANS - handled, BATCH_BYTES - size)
            handled, size = handled + len(lines), size + end - reader.offset
            ends[reader] = end
            taken += self._take(lines, reader.path.name)
            if handled >= BATCH_SPANS or size >= BATCH_BYTES:
                break
        self._save(taken)
        for reader, end in ends.items():
            self._move_on(reader, end)
        return handled

    def _look_for_segments(self) -> None:
        for path in segments(self.spool):
            if path not in self.readers:
                self.readers[path] = SegmentReader(path)

    def _read(self, reader: SegmentReader, most_lines: int, most_bytes: int) -> tuple[list[bytes], int]:
        try:
            lines, end = reader.read_lines(most_bytes)
        except FileNotFoundError:
            reader.finished = True
            return [], reader.offset
        if len(lines) > most_lines:
            lines = lines[:most_lines]
            end = reader.offset + sum(len(line) + 1 for line in lines)
        return lines, end

    def _take(self, lines: Sequence[bytes], segment: str) -> list[Taken]:
        now = clock.now()
        taken = []
        for line in lines:
            try:
                taken.append(Taken(line, segment, rows.rows_of(rows.decode(line), now=now)))
            except rows.Unstorable as reason:
                self._reject(line, segment, str(reason))
            except Exception as error:
                # Whatever a line does to the mapping, the lines behind it must get through.
                log.exception("A line of %s could not be made into rows.", segment)
                self._reject(line, segment, f"{type(error).__name__} while it was read")
        return taken

    def _save(self, taken: Sequence[Taken]) -> None:
        """Store all that Postgres takes; halves a refused batch until the refused rows stand alone."""
        if not taken:
            return
        try:
            self.status.shipped += self.store.save([each.rows for each in taken])
        except UnknownProjects as unknown:
            self._save([each for each in taken if each.rows.span.project_id not in unknown.ids])
            for each in taken:
                if each.rows.span.project_id in unknown.ids:
                    self._reject(each.line, each.segment, "project_id: there is no such project")
        except RowsRefused as refusal:
            if len(taken) == 1:
                self._reject(taken[0].line, taken[0].segment, str(refusal))
            else:
                middle = len(taken) // 2
                self._save(taken[:middle])
                self._save(taken[middle:])

    def _reject(self, line: bytes, segment: str, reason: str) -> None:
        self.status.rejected += self.rejects.add(line, segment=segment, reason=reason)

    def _move_on(self, reader: SegmentReader, end: int) -> None:
        if reader.finished and end == reader.offset:
            reader.path.unlink(missing_ok=True)
            del self.readers[reader.path]
        reader.offset = end

    def _note_database(self, *, away: bool, why: str = "") -> None:
        if away != self.status.database_away:
            if away:
                log.warning("Postgres is away, spans wait in %s: %s", self.spool, why)
            else:
                log.info("Postgres is back, shipping goes on.")
        self.status.database_away = away
        if away:
            self._note_status(idle=False)

    def _note_status(self, *, idle: bool) -> None:
        now = time.time()
        was_idle, self._idle = self._idle, idle
        if idle:
            self.status.caught_up_at = now
            if was_idle and now - self.status.at < STATUS_SECONDS:
                return
        self.status.at = now
        self.status.offsets = {path.name: reader.offset for path, reader in self.readers.items()}
        try:
            write_status(self.spool, self.status)
        except OSError as error:
            # On a full disk shipping must go on: it is what makes room.
            log.warning("The shipper's figures could not be written: %s", error)


def _wait_for_turn(path: Path, stop: Event) -> int:
    """The lock of a spool: a second shipper stands by until the first is gone."""
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
