"""Sending answers over ASGI."""

from apps.gateway.proxy.asgi_types import Headers, Send
from apps.gateway.proxy.refusals import Refusal

JSON = (b"content-type", b"application/json")


async def send_refusal(send: Send, refusal: Refusal, headers: Headers = (), body: bytes = b"") -> None:
    """`body`: the refusal in the caller's dialect, where that isn't OpenAI's."""
    await send_json(send, refusal.status, body or refusal.body(), [*headers, *refusal.headers])


async def send_json(send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})
