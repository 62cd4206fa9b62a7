"""A product's own small backend: it knows the secret key, asks the gateway and keeps the trace id."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apps.console.demo.seed import ROUTE


class GatewayRefused(Exception):
    """The gateway did not answer with a completion; the text says why."""


@dataclass(frozen=True)
class Answer:
    """text is what the model said; intent and reply are what it meant, empty when it broke the format."""

    trace_id: str
    text: str
    intent: str
    reply: str


class DemoClient:
    """One kept connection to the gateway; not for use by two threads at once."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = urlsplit(url), key
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, message: str, *, user: str, session: str, stream: bool = False) -> Answer:
        """The route's answer to one customer message; GatewayRefused with the gateway's own words otherwise."""
        body = {"model": ROUTE, "messages": [{"role": "user", "content": message}], "user": user, "stream": stream}
        response = self._post("/v1/chat/completions", body, {"x-flywheel-session": session})
        content = response.read()
        trace_id = response.headers.get("x-flywheel-trace-id", "")
        if response.status != 200:
            raise GatewayRefused(refusal(response.status, content))
        text = streamed_text(content) if stream else json.loads(content)["choices"][0]["message"]["content"]
        return Answer(trace_id, text, *meaning(text))

    def judge(self, trace_id: str, *, label: str, user: str, comment: str = "") -> None:
        """Hand an end user's thumb over."""
        body = {"trace_id": trace_id, "label": label, "user": user, "comment": comment}
        response = self._post("/api/feedback", body, {})
        content = response.read()
        if response.status != 200:
            raise GatewayRefused(refusal(response.status, content))

    def close(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> http.client.HTTPResponse:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json", **headers}
        if self.connection is None:
            secure = self.url.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(self.url.hostname or "", self.url.port, timeout=120)
        try:
            self.connection.request("POST", path, json.dumps(body), headers)
            return self.connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise GatewayRefused(f"The gateway cannot be reached: {error or type(error).__name__}.") from error


def streamed_text(content: bytes) -> str:
    """The words of a streamed answer put together; GatewayRefused when it broke off with an error."""
    words = []
    for line in content.split(b"\n"):
        if not line.startswith(b"data: ") or line == b"data: [DONE]":
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise GatewayRefused(event["error"]["message"])
        words += [choice["delta"].get("content") or "" for choice in event["choices"]]
    return "".join(words)


def meaning(text: str) -> tuple[str, str]:
    """Intent and reply of the model's JSON; two empty strings when it is none."""
    try:
        said = json.loads(text)
        return str(said["intent"]), str(said["reply"])
    except (ValueError, KeyError, TypeError):
        return "", ""


def refusal(status: int, content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}"
