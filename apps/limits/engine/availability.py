"""A server that may be away: spoken of once per change."""

import logging

log = logging.getLogger(__name__)


class Availability:
    """`consequence` ends the sentence that tells people that `name` is away."""

    def __init__(self, name: str, consequence: str) -> None:
        self.name, self.consequence = name, consequence
        self.away = False

    def failed(self, error: BaseException) -> None:
        if not self.away:
            self.away = True
            log.warning("%s is away: %s (%s)", self.name, self.consequence, str(error) or type(error).__name__)

    def worked(self) -> None:
        if self.away:
            self.away = False
            log.info("%s is back.", self.name)
