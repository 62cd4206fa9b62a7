"""Records reach the kernel before an answer ends, or the answer does not end well."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from apps.gateway.proxy.refusals import not_durable
from llmkit.spool import SpoolUnavailable, SpoolWriter

log = logging.getLogger(__name__)

# As large as a typical record, so that a disk with a few bytes left doesn't pass for a working one.
PROBE = bytes(64 * 1024)


class DurableRecords:
    """The spool as the gateway sees it: one write per request, and nothing accepted while it is broken."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broken = False
        self._writer = SpoolWriter(directory, "gateway")

    def refuse_if_broken(self) -> None:
        if self.broken:
            raise not_durable()

    def append(self, lines: bytes) -> None:
        """Refusal 503 when the kernel does not take the record."""
        try:
            self._writer.append(lines)
        except SpoolUnavailable as error:
            if not self.broken:
                log.error("The spool %s takes no records (%s); the gateway refuses requests.", self.directory, error)
            self.broken = True
            self._writer.close()
            raise not_durable() from error

    def probe(self) -> None:
        """See whether a broken spool works again."""
        if not self.broken:
            return
        probe = self.directory / f".probe-{os.getpid()}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe.write_bytes(PROBE)
            probe.unlink()
        except OSError:
            with suppress(OSError):
                probe.unlink()
            return
        self.broken = False
        log.info("The spool %s takes records again.", self.directory)

    def close(self) -> None:
        self._writer.close()
