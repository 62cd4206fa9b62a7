"""A durable queue of lines on the local disk: many writers, one shipper.

A writer hands each batch to the kernel in one write, so what was appended survives `kill -9` of the process.
It holds a lock on its open segment; the kernel drops the lock when the writer closes the segment or dies, and
that is how the shipper knows that a segment will grow no more and may be deleted once it has been shipped.
"""

import errno
import fcntl
import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SEGMENT_BYTES = 8 * 1024 * 1024
SUFFIX = ".ndjson"
# How long a segment that was found in its place is taken to be there.
TRUSTED_SECONDS = 0.02
_forks = 0


def _note_fork() -> None:
    global _forks  # noqa: PLW0603  (one process, one count)
    _forks += 1


os.register_at_fork(after_in_child=_note_fork)


class SpoolUnavailable(OSError):
    """The record could not be handed to the kernel: disk full, folder gone or not writable."""


class SpoolWriter:
    """Appends lines to segment files `<source>-<pid>-<random>-<n>.ndjson` in `directory`.

    Threads may share a writer. A forked child that inherits one goes on in a segment of its own.
    """

    def __init__(self, directory: Path, source: str, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.directory, self.source, self.segment_bytes = directory, source, segment_bytes
        self._numbers = itertools.count()
        self._run = os.urandom(4).hex()
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._size = 0
        self._forks = _forks
        self._seen_at = 0.0

    def append(self, lines: bytes) -> None:
        """Hand whole lines to the kernel; SpoolUnavailable when that fails, and then they may be appended again.

        After a failure on a full disk a reader may have seen some of them already: what reads the spool must know
        a record that comes twice.
        """
        with self._lock:
            try:
                fd = self._segment()
                written = os.write(fd, lines)
                self._size += written
                if written < len(lines):
                    self._undo_short_write(fd, written)
            except OSError as error:
                raise SpoolUnavailable(error.errno, error.strerror) from error

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _segment(self) -> int:
        if self._fd is not None and self._is_good(self._fd):
            return self._fd
        self._close()
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forks, self._seen_at = _forks, time.monotonic()
        name = f"{self.source}-{os.getpid()}-{self._run}-{next(self._numbers)}{SUFFIX}"
        # Locked before it carries its name, so that the shipper never meets an unlocked live segment.
        hidden = self.directory / f".{name}"
        fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(self.directory / name)
        except OSError:
            os.close(fd)
            raise
        self._fd, self._size = fd, 0
        return fd

    def _is_good(self, fd: int) -> bool:
        """Not full, this process's own, and not removed by somebody: then it would take its records into nowhere."""
        if self._size >= self.segment_bytes or self._forks != _forks:
            return False
        if (now := time.monotonic()) - self._seen_at > TRUSTED_SECONDS:
            if not os.fstat(fd).st_nlink:
                return False
            self._seen_at = now
        return True

    def _undo_short_write(self, fd: int, written: int) -> None:
        """Take the part back and leave the segment: its reader may already stand behind what is cut off here."""
        try:
            os.ftruncate(fd, os.fstat(fd).st_size - written)
        finally:
            self._close()
        raise OSError(errno.ENOSPC, "The disk took only part of a record.")


class SegmentReader:
    """Reads one segment's whole lines from where it stopped; `finished` once nothing can follow."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.finished = False

    def read_lines(self, limit_bytes: int) -> tuple[list[bytes], int]:
        """Whole lines of at most `limit_bytes` (one line may be longer) and the offset behind them.

        The caller sets `offset` once the lines are stored. A half line at the end of a finished segment is the
        trace of a writer that died while writing: its answer never left, so it is passed over.
        """
        with self.path.open("rb") as segment:
            # The lock is tried before the read: what a dying writer wrote is then seen in full.
            self.finished = _unlocked(segment.fileno())
            segment.seek(self.offset)
            block = segment.read(limit_bytes)
            while block and b"\n" not in block and (more := segment.read(limit_bytes)):
                block += more
        end = block.rfind(b"\n") + 1
        return block[:end].split(b"\n")[:-1], self.offset + end


def segments(directory: Path) -> Iterator[Path]:
    """The segment files in `directory`, oldest first."""
    found = [entry for entry in directory.glob(f"*{SUFFIX}") if not entry.name.startswith(".")]
    yield from sorted(found, key=_age)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _unlocked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True
