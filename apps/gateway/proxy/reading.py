"""Reading a request's body with a limit on its size and on the time it takes."""

import asyncio

from apps.gateway.proxy.asgi_types import Receive
from apps.gateway.proxy.refusals import Refusal, too_large

BODY_SECONDS = 60.0


class ClientGone(Exception):
    """The caller closed the connection before its answer was complete."""


async def read_body(receive: Receive, announced: bytes | None, limit: int) -> bytes:
    """The whole body; Refusal 413 as soon as it is known to be longer than `limit`, 408 when it doesn't come.

    ClientGone if the caller hangs up meanwhile.
    """
    if announced is not None and (not announced.isdigit() or int(announced) > limit):
        raise too_large(limit)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_whole(receive, limit)
    except TimeoutError:
        raise Refusal(
            408,
            f"The request body did not arrive within {BODY_SECONDS:.0f} seconds.",
            code="body_timeout",
            headers=((b"connection", b"close"),),
        ) from None


async def _read_whole(receive: Receive, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return b"".join([*pieces, piece]) if pieces else piece
        pieces.append(piece)
