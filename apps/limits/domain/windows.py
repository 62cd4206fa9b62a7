"""Fixed windows in UTC: where the one that holds a moment begins and ends.

Fixed ones, because their reset can be told exactly, leases end with them, and the ledger counts the same periods. The
price: within any 60 seconds up to twice a minute's limit may pass, half before and half after the full minute.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apps.limits.domain.rules import Window

MINUTE_MS = 60_000
DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bounds(NamedTuple):
    """Unix milliseconds: of this window's start and end, and of the next one's end; all 0 without windows."""

    start: int
    end: int
    next_end: int


ENDLESS = Bounds(0, 0, 0)


def bounds(window: Window, now_ms: int) -> Bounds:
    if window is Window.MINUTE:
        return _even(now_ms, MINUTE_MS)
    if window is Window.DAY:
        return _even(now_ms, DAY_MS)
    return ENDLESS if window is Window.TOTAL else _month(now_ms)


def _even(now_ms: int, length: int) -> Bounds:
    start = now_ms - now_ms % length
    return Bounds(start, start + length, start + 2 * length)


def _month(now_ms: int) -> Bounds:
    start = (EPOCH + timedelta(milliseconds=now_ms)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = _next_month(start)
    return Bounds(*map(_milliseconds, (start, end, _next_month(end))))


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
