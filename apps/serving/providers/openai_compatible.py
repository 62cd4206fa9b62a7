"""OpenAI itself and all who speak its protocol: vLLM, Ollama, llama.cpp, hosted services, the local engine."""

import re
from itertools import pairwise
from typing import Any

import msgspec

from apps.serving.providers.base import (
    EVENT_LIMIT,
    UNREADABLE,
    ChatCall,
    Headers,
    Identity,
    ProviderError,
    StreamTranslator,
    UpstreamRequest,
)
from apps.serving.providers.failures import read_error
from llmkit import sse

_messages = msgspec.json.Decoder(list[msgspec.Raw])
_options = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")


class OpenAICompatible:
    """Bodies go through byte for byte unless a member has to change, and then only that member does."""

    def __init__(self, kind: str, label: str, default_base_url: str) -> None:
        self.kind, self.label, self.default_base_url = kind, label, default_base_url

    def base_path(self, path: str) -> str:
        return path or "/v1"

    def headers(self, credential: str) -> Headers:
        if not credential:
            return (_JSON,)
        return (_JSON, (b"authorization", b"Bearer " + credential.encode()))

    def request(self, call: ChatCall, credential: str) -> UpstreamRequest:
        return UpstreamRequest(path="/chat/completions", headers=self.headers(credential), body=_body(call))

    def models_request(self, credential: str) -> UpstreamRequest:
        return UpstreamRequest(method="GET", path="/models", headers=self.headers(credential))

    def plain(self, body: bytes) -> bytes:
        return body

    def stream(self, call: ChatCall) -> StreamTranslator:
        return UsageStripper() if call.adds_usage else Identity()

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return read_error(status, body, credential)


def _body(call: ChatCall) -> bytes:
    members, changed = call.members, {}
    if call.upstream_model != call.model or (call.body is not None and _ambiguous(call.body)):
        changed["model"] = _raw(call.upstream_model)
    if call.system_prompt is not None:
        system = _raw({"role": "system", "content": call.system_prompt})
        changed["messages"] = _raw([system, *_messages.decode(members["messages"])])
    if call.adds_usage:
        options = _options.decode(members["stream_options"]) if "stream_options" in members else None
        changed["stream_options"] = _raw({**(options or {}), "include_usage": True})
    if not changed and call.body is not None:
        return call.body
    return _encode({**members, **changed})


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


def _ambiguous(body: bytes) -> bool:
    """Whether "model" might stand there twice, for then provider and platform could read different models.

    The second spelling may be escaped; \\u006 is how an escape of any of its letters starts.
    """
    return body.count(b'"model"') != 1 or b"\\u006" in body


_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_EDGE = 3  # one byte less than the longest of these


class UsageStripper:
    """Takes out the chunk that carries nothing but the usage, which the client did not ask for.

    Events are let go whole; one that is longer than any real one is let go as it stands.
    """

    def __init__(self) -> None:
        self._held: list[bytes] = []  # the beginning of an event, in pieces
        self._held_size = 0
        self._edge = b""  # its last bytes, where a blank line may have begun

    def feed(self, chunk: bytes) -> bytes:
        if self._held or not chunk.endswith(b"\n\n"):
            chunk = self._up_to_last_blank_line(chunk)
        if _NO_CHOICES.search(chunk) is None:
            return chunk
        return b"".join(event for event in _whole_events(chunk) if not _is_usage_only(event))

    def end(self) -> bytes:
        rest = b"".join(self._held)
        self._hold(b"")
        return b"" if _is_usage_only(rest) else rest

    def _up_to_last_blank_line(self, chunk: bytes) -> bytes:
        """What was held and `chunk`, as far as its events are whole; the rest is held. Looks at no byte twice."""
        window = self._edge + chunk
        ends = [found.end() for found in _BLANK_LINE.finditer(window)]
        if not ends and self._held_size + len(chunk) <= EVENT_LIMIT:
            self._held.append(chunk)
            self._held_size += len(chunk)
            self._edge = window[-_EDGE:]
            return b""
        cut = ends[-1] - len(self._edge) if ends else len(chunk)
        whole = b"".join([*self._held, chunk[:cut]])
        self._hold(chunk[cut:])
        return whole

    def _hold(self, rest: bytes) -> None:
        self._held = [rest] if rest else []
        self._held_size, self._edge = len(rest), rest[-_EDGE:]


def _whole_events(data: bytes) -> list[bytes]:
    """The events with their blank lines; whatever follows the last blank line is the last piece."""
    ends = [0, *(end.end() for end in _BLANK_LINE.finditer(data)), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


def _is_usage_only(event: bytes) -> bool:
    if _NO_CHOICES.search(event) is None:
        return False
    for parsed in sse.Parser(EVENT_LIMIT).feed(event + b"\n\n"):
        try:
            chunk = msgspec.json.decode(parsed.data)
        except UNREADABLE:
            return False
        return isinstance(chunk, dict) and chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict)
    return False
