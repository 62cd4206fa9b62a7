"""A request as bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Request:
    """path: from the root. chunked: send the body without telling its length."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunked: bool = False

    @classmethod
    def json(cls, path: str, members: Any, headers: Mapping[str, str]) -> "Request":
        return cls("POST", path, headers, json.dumps(members, ensure_ascii=False).encode())

    def with_headers(self, **headers: str) -> "Request":
        """Underscores stand for hyphens; an empty value takes a header away."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in {**self.headers, **named}.items() if value}
        return replace(self, headers=kept)

    def head(self, authority: str) -> bytes:
        known = {"host": authority, "content-type": "application/json", **self.headers}
        if self.chunked:
            known["transfer-encoding"] = "chunked"
        elif self.body or self.method == "POST":
            known.setdefault("content-length", str(len(self.body)))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in known.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def payload(self) -> bytes:
        return b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.body), self.body) if self.chunked else self.body
