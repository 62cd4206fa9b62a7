"""What of a request's and an answer's content a record keeps: everything, unless it is very large."""

import msgspec
from msgspec import Raw

from apps.gateway.proxy.asked import Request
from apps.gateway.proxy.attempts.attempt import KEPT_BYTES
from apps.gateway.proxy.json_body import Members
from apps.serving.services import read_members
from llmkit.telemetry import NO_BODY


def kept_request(request: Request | None) -> tuple[Raw, bool]:
    """The request's JSON and whether something was left out of it."""
    if request is None:
        return NO_BODY, False
    if len(request.raw) <= KEPT_BYTES:
        return Raw(request.raw), False
    return Raw(msgspec.json.encode(_shrunk(request.members))), True


def kept_response(body: bytes) -> tuple[Raw, bool]:
    """The answer's JSON and whether it was left out for its size."""
    if not body:
        return NO_BODY, False
    if len(body) <= KEPT_BYTES:
        return Raw(body), False
    return _note(len(body)), True


def kept_stream(chunks: list[bytes]) -> str:
    return b"".join(chunks).decode("utf-8", "replace")


def is_json_object(body: bytes) -> bool:
    try:
        body.decode()
        read_members(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _shrunk(members: Members) -> Members:
    """Members and messages as far as they fit, the newest messages first: the question is at the end."""
    kept = {name: value if len(value) <= KEPT_BYTES // 8 else _note(len(value)) for name, value in members.items()}
    if "messages" not in members:
        return kept
    left = KEPT_BYTES // 2
    messages: list[Raw] = []
    for message in reversed(msgspec.json.decode(members["messages"], type=list[Raw])):
        fits = len(message) <= left
        messages.append(message if fits else _stand_in(message))
        left -= len(message) if fits else 0
    kept["messages"] = Raw(msgspec.json.encode(messages[::-1]))
    return kept


def _stand_in(message: Raw) -> Raw:
    role = msgspec.json.decode(message, type=dict[str, Raw])["role"]
    return Raw(msgspec.json.encode({"role": role, "content": _note(len(message))}))


def _note(size: int) -> Raw:
    return Raw(msgspec.json.encode(f"[{size} bytes, too large to keep]"))
