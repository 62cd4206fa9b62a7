"""What a route's cache is called in Valkey. Everything of one route lies in one slot of a cluster."""

from typing import Final, NamedTuple

PREFIX: Final = b"flywheel:answers:"
# What the bookkeeping of one entry takes besides its value, roughly: key, three places, a size.
ENTRY_OVERHEAD: Final = 400


class RouteKeys(NamedTuple):
    """entry: a prefix for the digests; order, expiry: sorted sets of digests; sizes: bytes by digest; facts: sums."""

    entry: bytes
    order: bytes
    expiry: bytes
    sizes: bytes
    facts: bytes


def keys_of(project_id: str, route: str) -> RouteKeys:
    # A route's name has no braces, and a project's id no colon.
    place = PREFIX + b"{%b:%b}:" % (project_id.encode(), route.encode())
    return RouteKeys(place + b"e:", place + b"order", place + b"expiry", place + b"sizes", place + b"facts")
