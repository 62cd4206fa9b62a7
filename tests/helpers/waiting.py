"""Waiting for something to become true, with a deadline instead of a guess."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within: float = 10.0, every: float = 0.02) -> T:
    """The first truthy result of `condition`; AssertionError with the last one once `within` seconds are over."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        assert time.monotonic() < deadline, f"still {result!r} after {within} s"
        time.sleep(every)
    return result
