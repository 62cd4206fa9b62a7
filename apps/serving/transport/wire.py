"""Putting a request's head on the wire. Framing and the Host header are the client's own business."""

import re
from collections.abc import Sequence
from functools import lru_cache

from apps.serving.transport.errors import InvalidRequest

Headers = Sequence[tuple[bytes, bytes]]

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_PATH = re.compile(r"/[\x21-\x7e]*\Z")
_METHOD = re.compile(r"[A-Z]+\Z")
_OWN_HEADERS = frozenset(
    (b"host", b"connection", b"content-length", b"transfer-encoding", b"accept-encoding", b"upgrade", b"te", b"expect")
)


def encode_head(method: str, path: str, authority: str, headers: Headers, body_length: int) -> bytes:
    """The bytes before the body; InvalidRequest for anything that would change the framing."""
    block = b"".join([b"%b%b\r\n" % (_prefix(name), value) for name, value in headers])
    # Every header brings exactly one CR and one LF; one more is an injected line.
    if block.count(b"\n") != len(headers) or block.count(b"\r") != len(headers) or b"\0" in block:
        raise InvalidRequest(f"The value of the header {_culprit(headers)} holds a line break or a null byte.")
    start = _request_start(method, path, authority)
    if body_length or method == "POST":
        return b"%b%bcontent-length: %d\r\n\r\n" % (start, block, body_length)
    return b"%b%b\r\n" % (start, block)


@lru_cache(maxsize=1024)
def _request_start(method: str, path: str, authority: str) -> bytes:
    if not _METHOD.match(method) or not _PATH.match(path):
        raise InvalidRequest("The request's method or path is not well formed.")
    return f"{method} {path} HTTP/1.1\r\nhost: {authority}\r\naccept-encoding: identity\r\n".encode("ascii")


@lru_cache(maxsize=1024)
def _prefix(name: bytes) -> bytes:
    """`name: `; InvalidRequest if the caller may not set this header."""
    if not _TOKEN.match(name):
        raise InvalidRequest("A header's name holds characters that are not allowed in it.")
    if name.lower() in _OWN_HEADERS:
        raise InvalidRequest(f"The header {name.decode()} is set by the transport itself.")
    return name + b": "


def _culprit(headers: Headers) -> str:
    broken = (name for name, value in headers if any(mark in value for mark in (b"\r", b"\n", b"\0")))
    return next(broken, b"?").decode("ascii")
