"""The few pieces of HTTP that a raw ASGI application needs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from apps.serving.local_engine.problems import RequestProblem

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_BODY = 4 * 1024 * 1024
JSON = "application/json"


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def header(scope: Scope, name: str) -> str:
    """The first header called `name` (lower case), or an empty string."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body; RequestProblem (413) as soon as it is known to be too large."""
    if header(scope, "content-length").isdigit() and int(header(scope, "content-length")) > MAX_BODY:
        raise _too_large()
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGone
        body += event.get("body", b"")
        if len(body) > MAX_BODY:
            raise _too_large()
        if not event.get("more_body"):
            return bytes(body)


def _too_large() -> RequestProblem:
    # The rest of the body is not read, so the connection cannot be used for another request.
    return RequestProblem(
        413, f"The body is larger than {MAX_BODY} bytes.", code="body_too_large", headers=(("connection", "close"),)
    )


async def start(send: Send, status: int, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
    pairs = [("content-type", content_type), ("cache-control", "no-store"), *headers]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def respond(
    send: Send, status: int, body: bytes, content_type: str = JSON, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    await start(send, status, content_type, (("content-length", str(len(body))), *headers))
    await send({"type": "http.response.body", "body": body})


async def respond_json(send: Send, status: int, content: Any) -> None:
    await respond(send, status, msgspec.json.encode(content))


async def respond_problem(send: Send, problem: RequestProblem) -> None:
    await respond(send, problem.status, msgspec.json.encode(problem.body()), headers=problem.headers)
