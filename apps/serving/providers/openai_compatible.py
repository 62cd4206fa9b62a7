"""OpenAI itself and all who speak its protocol: vLLM, Ollama, llama.cpp, hosted services, the local engine."""

import re
from itertools import pairwise
from typing import Any

import msgspec

from apps.serving.providers.access import Access
from apps.serving.providers.base import (
    EVENT_LIMIT,
    UNREADABLE,
    ChatCall,
    EmbeddingsCall,
    Headers,
    Identity,
    Members,
    StreamTranslator,
    UpstreamRequest,
)
from apps.serving.providers.defaults import KeyedAdapter
from apps.serving.providers.native import ambiguous, with_model
from apps.serving.providers.options import YES, Option
from llmkit import sse

OPENAI = "api.openai.com"
RESPONSES = Option(
    name="responses",
    label="Speaks the Responses API",
    help_text="Set it where this address also answers POST /responses; api.openai.com always does.",
    flag=True,
)
_messages = msgspec.json.Decoder(list[msgspec.Raw])
_options = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_encode = msgspec.json.Encoder().encode


class OpenAIShaped(KeyedAdapter):
    """Bodies go through byte for byte unless a member has to change, and then only that member does."""

    def base_path(self, path: str) -> str:
        return path or "/v1"

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        return UpstreamRequest(path="/chat/completions", headers=self.headers(access), body=chat_body(call))

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return body

    def stream(self, call: ChatCall) -> StreamTranslator:
        return UsageStripper() if call.adds_usage else Identity()

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        body = with_model(call.members, call.body, call.upstream_model)
        return UpstreamRequest(path="/embeddings", headers=self.headers(access), body=body)

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        return body


class OpenAICompatible(OpenAIShaped):
    kind = "openai_compatible"
    label = "OpenAI-compatible"
    default_base_url = f"https://{OPENAI}/v1"
    options: tuple[Option, ...] = (RESPONSES,)

    def speaks(self, dialect: str, access: Access) -> bool:
        if dialect == "responses":
            return access.authority == OPENAI or access.option("responses") == YES
        return dialect == "completions"

    def native_request(
        self, dialect: str, members: Members, body: bytes | None, model: str, access: Access, headers: Headers = ()
    ) -> UpstreamRequest:
        if not self.speaks(dialect, access):
            return super().native_request(dialect, members, body, model, access, headers)
        return UpstreamRequest(path=f"/{dialect}", headers=self.headers(access), body=with_model(members, body, model))


class LocalEngine(OpenAIShaped):
    kind = "local"
    label = "Local engine"
    default_base_url = ""


def chat_body(call: ChatCall) -> bytes:
    """The request as OpenAI takes it, with the provider's name of the model and whatever the platform adds."""
    members = call.members
    changed: dict[str, Any] = {}
    if call.upstream_model != call.model or (call.body is not None and ambiguous(call.body)):
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
