"""The stretch of time that a page shows: a preset that moves along, or two fixed moments."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PRESETS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
DEFAULT = "24h"
LONGEST = timedelta(days=92)
# Clocks of other machines may be a little ahead of this one.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Window:
    """A half-open interval. `preset` is empty when both ends were given."""

    start: datetime
    end: datetime
    preset: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class BadWindow(ValueError):
    """An interval that makes no sense; `field` names the end that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def last(preset: str, now: datetime) -> Window:
    """The time up to now; an unknown preset means DEFAULT."""
    name = preset if preset in PRESETS else DEFAULT
    return Window(now - PRESETS[name], now + AHEAD, name)


def between(start: datetime | None, end: datetime | None, now: datetime) -> Window:
    """The interval between two moments; what is missing is now, or the default length before the end."""
    if start is None and end is None:
        return last(DEFAULT, now)
    end = _aware(end) if end else now + AHEAD
    start = _aware(start) if start else end - PRESETS[DEFAULT]
    if start >= end:
        raise BadWindow("from", "The beginning must lie before the end.")
    if end - start > LONGEST:
        raise BadWindow("from", f"At most {LONGEST.days} days can be shown at once.")
    return Window(start, end)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
