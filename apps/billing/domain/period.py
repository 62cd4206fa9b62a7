"""The stretch of time that spending is asked for: whole hours in UTC, since that is how it is summed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

PRESETS: Final = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
DEFAULT = "30d"
LONGEST = timedelta(days=400)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Beyond it, hours are drawn together to days.
MOST_HOURS = 72


class BadPeriod(ValueError):
    """A period that makes no sense; `field` names the end that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Period:
    """A half-open interval of whole hours. `preset` is empty when its ends were given."""

    start: datetime
    end: datetime
    preset: str = ""

    @property
    def step(self) -> timedelta:
        """One hour or one day, whichever a chart of it should have."""
        return HOUR if self.end - self.start <= MOST_HOURS * HOUR else DAY

    @property
    def steps(self) -> list[datetime]:
        """When each step begins, in order."""
        first = self.start if self.step == HOUR else _midnight(self.start.date())
        return [first + n * self.step for n in range(-((first - self.end) // self.step))]

    def step_of(self, hour: datetime) -> datetime:
        """When the step begins in which `hour` falls."""
        return hour if self.step == HOUR else _midnight(hour.date())


def last(preset: str, now: datetime) -> Period:
    """The time up to now; an unknown preset means DEFAULT."""
    name = preset if preset in PRESETS else DEFAULT
    end = _up(now)
    return Period(end - PRESETS[name], end, name)


def of_days(first: date | None, last_day: date | None, now: datetime) -> Period:
    """From the begin of one day to the end of another; the present month is where the ends are not given."""
    last_day = last_day or now.date()
    first = first or last_day.replace(day=1)
    return between(_midnight(first), _midnight(last_day) + DAY, now)


def between(start: datetime | None, end: datetime | None, now: datetime) -> Period:
    """The interval between two moments, made larger to whole hours; what is missing is now, or DEFAULT before it."""
    end = _up(_aware(end)) if end else _up(now)
    start = _down(_aware(start)) if start else end - PRESETS[DEFAULT]
    if start >= end:
        raise BadPeriod("from", "The beginning must lie before the end.")
    if end - start > LONGEST:
        raise BadPeriod("from", f"At most {LONGEST.days} days can be summed at once.")
    return Period(start, end)


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _down(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _up(moment: datetime) -> datetime:
    down = _down(moment)
    return down if down == moment else down + HOUR
