"""Calling a gateway over plain HTTP, with whatever body and headers a test wants to send."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Ahoy!"}]


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def trace_id(self) -> str:
        return self.headers["x-flywheel-trace-id"]

    @property
    def events(self) -> list[Any]:
        """Data of a stream's events: parsed, or the text `[DONE]`."""
        data = [block.removeprefix(b"data: ") for block in self.raw.split(b"\n\n") if block.startswith(b"data: ")]
        return ["[DONE]" if text == b"[DONE]" else json.loads(text) for text in data]


@dataclass(frozen=True)
class Caller:
    """An application with a key, calling one server."""

    url: str
    key: str

    def chat(self, model: str, *, headers: dict[str, str] | None = None, **members: Any) -> Answer:
        return self.post({"model": model, "messages": HELLO, **members}, headers=headers)

    def post(self, body: Any, *, path: str = CHAT, headers: dict[str, str] | None = None) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, raw, headers)

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        host = self.url.removeprefix("http://")
        sent = {"authorization": f"Bearer {self.key}", "content-type": "application/json", **(headers or {})}
        with contextlib.closing(http.client.HTTPConnection(host, timeout=30)) as connection:
            connection.request(method, path, body, {name: value for name, value in sent.items() if value})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())

    @contextlib.contextmanager
    def connection(self) -> Iterator[socket.socket]:
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connected:
            yield connected

    def head(self, length: int | str | None = None, **headers: str) -> bytes:
        """The head of a chat request, for tests that write the body by hand."""
        lines = [f"POST {CHAT} HTTP/1.1", "host: gateway", f"authorization: Bearer {self.key}"]
        lines += [f"content-length: {length}"] if length is not None else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_until_closed(connected: socket.socket) -> bytes:
    """Everything the server sends until it hangs up."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connected.recv(65536):
            received += piece
    return received
