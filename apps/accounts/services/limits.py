"""Counting attempts across all processes, in Redis.

Windows are fixed and aligned to the clock: the window's number is part of the counter's name, so a counter can
never outlive its window by losing its expiry. Without Redis nothing is counted and everything is let through (it
fails open): whoever could stop Redis would otherwise lock everybody out, and passwords still stand in the way.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import caches
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts of one subject in a window of `window_s` seconds."""

    name: str
    most: int
    window_s: int

    def key(self, subject: str, at: datetime) -> str:
        """Subjects are hashed: e-mail addresses don't belong into Redis."""
        digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return f"{self.name}:{digest}:{int(at.timestamp()) // self.window_s}"

    def seconds_left(self, at: datetime) -> int:
        """Until the window of this moment ends; at least 1."""
        return self.window_s - int(at.timestamp()) % self.window_s


class TooManyAttempts(Exception):
    """`retry_after_s`: when the next attempt will be let through."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too many attempts; the next one in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


def count_attempt(limit: Limit, subject: str, *, at: datetime) -> bool:
    """Counts one attempt; TooManyAttempts once there were more than the limit allows. False: Redis is away."""
    key = limit.key(subject, at)
    try:
        caches["limits"].add(key, 0, timeout=2 * limit.window_s)
        attempts = caches["limits"].incr(key)
    except RedisError as exc:
        logger.warning("Redis is away, attempts are not limited: %s", exc)
        return False
    if attempts > limit.most:
        raise TooManyAttempts(limit.seconds_left(at))
    return True


def take_back(limit: Limit, subject: str, *, at: datetime) -> None:
    """The attempt was a good one and shall not count."""
    try:
        caches["limits"].incr(limit.key(subject, at), -1)
    except (RedisError, ValueError) as exc:  # ValueError: counted before Redis came back
        logger.warning("Redis is away, an attempt could not be taken back: %s", exc)
