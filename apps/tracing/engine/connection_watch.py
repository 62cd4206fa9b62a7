"""Whether Postgres is there, as all shippers of one process see it: said once when it goes, once when it is back."""

import logging
from pathlib import Path

from apps.tracing.engine import bulk

log = logging.getLogger(__name__)


class ConnectionWatch:
    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.away = False

    def check(self) -> None:
        """StoreAway when Postgres was away and still is: cheaper to learn than by sending a batch again."""
        if self.away:
            bulk.check()

    def lost(self, why: str) -> None:
        if not self.away:
            log.warning("Postgres is away, records wait in %s: %s", self.spool, why)
        self.away = True

    def found(self) -> None:
        if self.away:
            log.info("Postgres is back, shipping goes on.")
        self.away = False
