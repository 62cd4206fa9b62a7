"""Moves records from one folder of the spool to Postgres: in order, in bulk, again and again until they are there."""

import logging
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.tracing.domain.rows import Unstorable
from apps.tracing.domain.shipping import read_status, write_status
from apps.tracing.engine.bulk import RowsRefused, StoreAway, UnknownProjects
from apps.tracing.engine.connection_watch import ConnectionWatch
from apps.tracing.engine.rejects import Rejects
from apps.tracing.engine.sinks import Sink
from apps.tracing.engine.store import SpanStore
from llmkit import clock
from llmkit.spool import SegmentReader, segments

log = logging.getLogger(__name__)

BATCH_LINES = 2000
BATCH_BYTES = 8 * 1024 * 1024
STATUS_SECONDS = 1.0


@dataclass(frozen=True)
class Taken:
    """A line on its way, with where it came from."""

    line: bytes
    segment: str
    row: Any


class Shipper:
    """Ships one folder of the spool into a sink, spans if none is given.

    Two at once do no harm: a record is stored and counted once.
    """

    def __init__(self, spool: Path, sink: Sink[Any] | None = None, watch: ConnectionWatch | None = None) -> None:
        self.sink: Sink[Any] = sink or SpanStore()
        self.spool = spool / self.sink.folder
        self.watch = watch or ConnectionWatch(spool)
        self.rejects = Rejects(self.spool)
        self.readers: dict[Path, SegmentReader] = {}
        self.status = read_status(self.spool)
        self.status.pid = os.getpid()
        self._idle = False

    def make_folder(self) -> None:
        self.spool.mkdir(parents=True, exist_ok=True, mode=0o700)

    def drain(self, *, seconds: float = math.inf) -> None:
        """Ship until nothing is left, Postgres is away, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.step() and time.monotonic() < deadline:
            pass

    def step(self) -> bool:
        """One batch; whether there was anything and it is stored now."""
        try:
            self.watch.check()
            lines = self.ship_batch()
        except StoreAway as error:
            self.watch.lost(str(error))
            self._note_status(idle=False)
            return False
        self.watch.found()
        self._note_status(idle=not lines)
        return lines > 0

    def ship_batch(self) -> int:
        """Read, store, and only then move on; the number of lines handled."""
        ends: dict[SegmentReader, int] = {}
        taken: list[Taken] = []
        handled, size = 0, 0
        self._look_for_segments()
        for reader in list(self.readers.values()):
            lines, end = self._read(reader, BATCH_LINES - handled, BATCH_BYTES - size)
            handled, size = handled + len(lines), size + end - reader.offset
            ends[reader] = end
            taken += self._take(lines, reader.path.name)
            if handled >= BATCH_LINES or size >= BATCH_BYTES:
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
                taken.append(Taken(line, segment, self.sink.read(line, now=now)))
            except Unstorable as reason:
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
            self.status.shipped += self.sink.save([each.row for each in taken])
        except UnknownProjects as unknown:
            self._save([each for each in taken if self.sink.project_of(each.row) not in unknown.ids])
            for each in taken:
                if self.sink.project_of(each.row) in unknown.ids:
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

    def _note_status(self, *, idle: bool) -> None:
        now = time.time()
        was_idle, self._idle = self._idle, idle
        self.status.database_away = self.watch.away
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
