"""A thread that keeps the snapshot fresh: told by a notification, or at the latest by its own check each second."""

import logging
import threading
import time

import psycopg
from django.db import DatabaseError, connection

from apps.accounts.services import CONFIG_CHANNEL
from apps.gateway.snapshot.compiling import TablesBusy, compile_snapshot, current_number
from apps.gateway.snapshot.entries import Snapshot

log = logging.getLogger(__name__)

CHECK_SECONDS = 0.5
RETRY_SECONDS = 1.0


class SnapshotKeeper:
    """`current` is replaced whole, never changed; None until Postgres could be read for the first time.

    While Postgres is away the last snapshot stays; `age()` says for how many seconds nothing was checked.
    """

    def __init__(self) -> None:
        self.current: Snapshot | None = None
        self.ready = threading.Event()
        self._checked_at = time.monotonic()
        self._away = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gateway-snapshot", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def age(self) -> float:
        return time.monotonic() - self._checked_at

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (DatabaseError, psycopg.Error) as error:
                self._lost(error)
            except Exception:
                # Whatever a new configuration does to the compiler, the gateway goes on with the one it has.
                log.exception("The gateway's configuration could not be compiled; the last one stays.")
            finally:
                connection.close()
            self._stopping.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        """Listen first, then read: a change between the two is announced again."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CONFIG_CHANNEL}")
        due = True
        while not self._stopping.is_set():
            done = self._check(due)
            due = self._wait() or not done

    def _check(self, due: bool) -> bool:
        """Compile if that is due; False if it has to be tried again."""
        try:
            if due or self.current is None or current_number() != self.current.number:
                self.current = compile_snapshot()
                self.ready.set()
        except TablesBusy:
            return False
        self._checked_at = time.monotonic()
        if self._away:
            self._away = False
            log.info("Postgres is back; the gateway follows its configuration again.")
        return True

    def _wait(self) -> bool:
        """Until a change is announced (True) or it is time to look without being told."""
        raw: psycopg.Connection | None = connection.connection
        return raw is not None and bool(list(raw.notifies(timeout=CHECK_SECONDS, stop_after=1)))

    def _lost(self, error: Exception) -> None:
        if self._away:
            return
        self._away = True
        consequence = "it answers from the last one" if self.current else "it answers 503 until then"
        log.warning("The gateway cannot read its configuration from Postgres; %s. (%s)", consequence, error)
