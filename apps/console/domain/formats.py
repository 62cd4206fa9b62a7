"""How numbers, times and names are written on the pages."""

from datetime import UTC, datetime

NOTHING = "–"
THIN = "\N{NARROW NO-BREAK SPACE}"
MINUTE, HOUR, DAY = 60, 3600, 86_400


def duration(us: int | float | None) -> str:
    """Microseconds in the unit that leaves two or three digits: `640 µs`, `12.4 ms`, `3.20 s`, `2 m 05 s`."""
    if us is None:
        return NOTHING
    if us < 999.5:
        return f"{us:.0f}{THIN}µs"
    if us < 999_500:
        return f"{three_digits(us / 1000)}{THIN}ms"
    seconds = us / 1_000_000
    if seconds < 59.95:
        return f"{three_digits(seconds)}{THIN}s"
    return long_duration(round(seconds))


def long_duration(seconds: int) -> str:
    minutes, hours, days = seconds // MINUTE, seconds // HOUR, seconds // DAY
    if hours == 0:
        return f"{minutes}{THIN}m {seconds % MINUTE:02d}{THIN}s"
    if days == 0:
        return f"{hours}{THIN}h {minutes % 60:02d}{THIN}m"
    return f"{days}{THIN}d {hours % 24:02d}{THIN}h"


def three_digits(value: float) -> str:
    """Three digits that count, as far as the whole number doesn't already have them: 1.25, 12.5, 125."""
    for limit, places in ((9.995, 2), (99.95, 1)):
        if abs(value) < limit:
            return f"{value:.{places}f}"
    return f"{value:.0f}"


def compact(number: int | float | None) -> str:
    """`9,876`, then `12.3k`, `4.56M`, `7.89B`; fractions keep two places."""
    if number is None:
        return NOTHING
    if abs(number) < 10_000:
        return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.2f}"
    for limit, divisor, suffix in ((999_500, 1e3, "k"), (999_500_000, 1e6, "M")):
        if abs(number) < limit:
            return three_digits(number / divisor) + suffix
    return three_digits(number / 1e9) + "B"


def relative(moment: datetime, now: datetime) -> str:
    """How long ago, in whole steps rounded down; a date beyond thirty days. live.js keeps the same steps."""
    seconds = (now - moment).total_seconds()
    if seconds <= -MINUTE:
        return f"in {ahead(-seconds)}"
    if seconds < 5:
        return "just now"
    if seconds < 30 * DAY:
        return f"{ahead(seconds)} ago"
    return f"{moment:%-d %b %Y}"


def ahead(seconds: float) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{int(seconds)} s"


def absolute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def initials(name: str) -> str:
    """At most two capitals from a name or an e-mail address."""
    words = name.split("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    letters = [word[0] for word in words if word]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


def shorten(text: str, limit: int) -> str:
    """The first `limit` characters, cut at a space where one is near."""
    if len(text) <= limit:
        return text
    cut = text.rfind(" ", limit - 40, limit)
    return text[: cut if cut > 0 else limit].rstrip() + "…"
