"""Identifiers: time-ordered UUIDs for rows, W3C ids for traces and spans."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    high = milliseconds << 16 | 0x7000 | random >> 68
    low = 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=high << 64 | low)


def new_trace_id() -> str:
    """32 lower-case hex digits: 16 random bytes, never all zero."""
    return os.urandom(16).hex().replace("0" * 32, "1" * 32)


def new_span_id() -> str:
    """16 lower-case hex digits: 8 random bytes, never all zero."""
    return os.urandom(8).hex().replace("0" * 16, "1" * 16)


def new_span_ids(count: int) -> list[str]:
    """`count` of them at the price of one question to the kernel."""
    digits = os.urandom(8 * count).hex()
    return [digits[at : at + 16].replace("0" * 16, "1" * 16) for at in range(0, len(digits), 16)]
