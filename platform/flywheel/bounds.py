"""Bounds around the pages: how large a body may be, how long it may take, and how many requests work at once.

Django reads whatever is sent to it before it looks at the request, and each request that works holds a thread and a
database connection of its own; without bounds one client fills the disk or takes all of Postgres' connections.
"""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType

from flywheel.entry import AsgiApp, Receive, Scope, Send

# Well below Postgres' usual 100 connections, which the gateway, the shipper and the workers use as well.
WORKING_AT_ONCE = 40
BODY_SECONDS = 60.0


class BodyRefused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Bounded:
    """Hands `app` requests whose body has arrived, in turn. max_body_bytes: by path."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        max_body_bytes: Callable[[str], int],
        working_at_once: int = WORKING_AT_ONCE,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self.app, self.max_body_bytes, self.body_seconds = app, max_body_bytes, body_seconds
        self.turns = asyncio.Semaphore(working_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._body(scope, receive)
        except BodyRefused as refusal:
            await refuse(send, refusal)
        except ClientGone:
            return
        else:
            async with Turn(self.turns, send) as turn:
                await self.app(scope, replay(body, receive), turn.send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        limit = self.max_body_bytes(scope["path"])
        if not announced.isdigit() or int(announced) > limit:
            raise too_large(limit)
        try:
            async with asyncio.timeout(self.body_seconds):
                return await read_whole(receive, limit)
        except TimeoutError:
            message = f"The request body did not arrive within {self.body_seconds:g} seconds."
            raise BodyRefused(408, "body_timeout", message) from None


class Turn:
    """A place among those that work, until the answer begins: a slow reader shall not hold up the others."""

    def __init__(self, turns: asyncio.Semaphore, send: Send) -> None:
        self._turns, self._send, self._working = turns, send, False

    async def __aenter__(self) -> "Turn":
        await self._turns.acquire()
        self._working = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    async def send(self, message: dict[str, object]) -> None:
        self._end()
        await self._send(message)

    def _end(self) -> None:
        if self._working:
            self._working = False
            self._turns.release()


async def read_whole(receive: Receive, limit: int) -> bytes:
    """BodyRefused as soon as there is more than `limit`; ClientGone if the client hangs up meanwhile."""
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            raise too_large(limit)
        if not message.get("more_body"):
            return b"".join(pieces)


def replay(body: bytes, receive: Receive) -> Receive:
    """The body in one message, then whatever else comes: the news that the client hung up."""
    left = [body]

    async def again() -> dict[str, object]:
        return {"type": "http.request", "body": left.pop()} if left else dict(await receive())

    return again


def too_large(limit: int) -> BodyRefused:
    return BodyRefused(413, "body_too_large", f"The request body is larger than {limit} bytes.")


async def refuse(send: Send, refusal: BodyRefused) -> None:
    error = {"message": refusal.message, "type": "invalid_request_error", "param": None, "code": refusal.code}
    body = json.dumps({"error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
