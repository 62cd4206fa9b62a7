"""The floor: a bare reverse proxy in ASGI that compares one key, decodes the body and passes bytes on.

    UPSTREAM=http://127.0.0.1:9100 KEY=… uvicorn bench.floor:app --loop uvloop --http httptools

It has no routing, no limits, no record and no error handling, and it uses the HTTP client that most people
would take. What a gateway adds to a request is measured against it.
"""

import os
from typing import Any

import aiohttp
import msgspec

UPSTREAM = os.environ.get("UPSTREAM", "http://127.0.0.1:9100") + "/v1/chat/completions"
EXPECTED = f"Bearer {os.environ.get('KEY', 'bench')}".encode()
sessions: list[aiohttp.ClientSession] = []


class Asked(msgspec.Struct):
    model: str
    messages: list[dict[str, Any]]
    stream: bool = False


decode = msgspec.json.Decoder(Asked).decode


def session() -> aiohttp.ClientSession:
    if not sessions:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        headers = {"content-type": "application/json", "authorization": "Bearer upstream"}
        timeout = aiohttp.ClientTimeout(total=None)
        sessions.append(
            aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout, auto_decompress=False)
        )
    return sessions[0]


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if dict(scope["headers"]).get(b"authorization") != EXPECTED:
        await reply(send, 401, b'{"error":{"message":"wrong key"}}')
        return
    asked = decode(body)
    async with session().post(UPSTREAM, data=body) as answer:
        if not asked.stream:
            await reply(send, answer.status, await answer.read())
            return
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for piece in answer.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def reply(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Any, send: Any) -> None:
    message: dict[str, str] = {}
    while message.get("type") != "lifespan.shutdown":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
