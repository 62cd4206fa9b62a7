"""What a request's `cache-control` header asks for (RFC 9111, section 5.2.1)."""

import msgspec


class CacheControl(msgspec.Struct, frozen=True):
    """reads: a stored answer will do; writes: the answer may be stored; max_age: of a stored one, in seconds."""

    reads: bool = True
    writes: bool = True
    max_age: int | None = None


UNSAID = CacheControl()
# RFC 9111, 1.2.2: a number too large to represent counts as the largest one.
FOREVER = 2**31


def read_cache_control(header: bytes | None) -> CacheControl:
    """Directives that are unknown or make no sense are ignored, as the standard wants it."""
    if not header:
        return UNSAID
    reads = writes = True
    max_age: int | None = None
    for directive in header.lower().split(b","):
        name, _, value = directive.strip().partition(b"=")
        if name == b"no-store":
            reads = writes = False
        elif name == b"no-cache":
            reads = False
        elif name == b"max-age" and (seconds := _seconds(value)) is not None:
            max_age = seconds if max_age is None else min(max_age, seconds)
    return CacheControl(reads, writes, max_age)


def _seconds(value: bytes) -> int | None:
    digits = value.strip(b'" ')
    if not digits.isdigit():
        return None
    return FOREVER if len(digits) > 10 else min(int(digits), FOREVER)
