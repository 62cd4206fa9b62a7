"""A server that may be away: asked again after a pause, and spoken of once per change."""

import logging
import time

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class Availability:
    """`consequence` ends the sentence that tells people that `name` is away."""

    def __init__(self, name: str, consequence: str, pause: float = PAUSE_SECONDS) -> None:
        self.name, self.consequence, self.pause = name, consequence, pause
        self.away = False
        self._not_before = 0.0

    def usable(self) -> bool:
        """False for a while after each failure, so that a server that is down costs nobody its timeout."""
        return not self.away or time.monotonic() >= self._not_before

    def failed(self, error: BaseException) -> None:
        self._not_before = time.monotonic() + self.pause
        if not self.away:
            self.away = True
            log.warning("%s is away: %s (%s)", self.name, self.consequence, str(error) or type(error).__name__)

    def worked(self) -> None:
        if self.away:
            self.away = False
            log.info("%s is back.", self.name)
