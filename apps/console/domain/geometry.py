"""Where lines and bars lie in drawings that the server makes: sparklines and waterfalls."""

from collections.abc import Sequence
from typing import NamedTuple

from apps.console.domain import formats

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 100.0, 30.0, 2.0
NARROWEST_BAR = 0.4


class Spark(NamedTuple):
    line: str
    area: str


class Lane(NamedTuple):
    """Percent of the time shown: where the bar starts, how long it is, where its first part ends."""

    x: str
    width: str
    first: str


class Mark(NamedTuple):
    """A time on the scale; `anchor` says which end of its label stands at `x`, so that none leaves the frame."""

    x: str
    label: str
    anchor: str


def spark(values: Sequence[float | None]) -> Spark | None:
    """SVG paths through `values` in a 100 × 30 box that starts at zero; it runs straight over gaps. None below two."""
    numbers = [(place, float(value)) for place, value in enumerate(values) if value is not None]
    if len(numbers) < 2:
        return None
    top = max(*(number for _, number in numbers), 0.0) or 1.0
    step = SPARK_WIDTH / (len(values) - 1)
    room = SPARK_HEIGHT - 2 * SPARK_PAD
    points = [(i * step, SPARK_HEIGHT - SPARK_PAD - max(n, 0.0) / top * room) for i, n in numbers]
    line = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    return Spark(line, f"{line}V{SPARK_HEIGHT:.0f}H{points[0][0]:.2f}Z")


def lane(start_us: float, duration_us: float, total_us: float, first_us: float | None = None) -> Lane:
    """A span's bar among `total_us`; never so narrow that it vanishes, never outside."""
    total = max(total_us, 1.0)
    width = min(max(duration_us / total * 100, NARROWEST_BAR), 100.0)
    x = min(max(start_us / total * 100, 0.0), 100.0 - width)
    first = "" if first_us is None else percent(min(max(first_us / total * 100, 0.0), width))
    return Lane(percent(x), percent(width), first)


def ruler(total_us: float) -> list[Mark]:
    """Marks at round times, between three and five of them."""
    total = max(total_us, 4.0)
    step = round_step(total / 4)
    return [mark(i * step, i * step / total * 100) for i in range(int(total // step) + 1)]


def mark(us: float, place: float) -> Mark:
    anchor = "start" if place == 0 else "end" if place > 90 else "middle"
    return Mark(percent(place), scale_label(us), anchor)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5, 10, 20, 25, 50 … that isn't below `least`."""
    size = 1.0
    while size * 10 < least:
        size *= 10
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= least)


def scale_label(us: float) -> str:
    if us == 0:
        return "0"
    for divisor, unit in ((1_000_000, "s"), (1000, "ms")):
        if us >= divisor:
            return f"{us / divisor:g}{formats.THIN}{unit}"
    return f"{us:g}{formats.THIN}µs"


def percent(value: float) -> str:
    return f"{value:.3f}%"
