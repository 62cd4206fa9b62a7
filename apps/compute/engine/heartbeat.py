"""Says in regular intervals that an attempt is being worked on, whatever else its worker does at the moment."""

import logging
import threading
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from apps.compute.engine.claiming import Fenced, renew
from apps.compute.models import Attempt

log = logging.getLogger(__name__)


class Heartbeat:
    """taken: the job belongs to another attempt by now. cancelled: somebody wishes it to stop."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.taken, self.cancelled = threading.Event(), threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        while not self._over.is_set() and not self.taken.is_set():
            try:
                if renew(self.attempt):
                    self.cancelled.set()
            except Fenced:
                self.taken.set()
            except (DatabaseError, InterfaceError) as error:
                # The job goes on: if the lease runs out meanwhile, the next renewal finds it taken away.
                log.warning("The lease of %s could not be renewed: %s", self.attempt, error)
            finally:
                connection.close()
            self._over.wait(settings.JOB_HEARTBEAT_SECONDS)
