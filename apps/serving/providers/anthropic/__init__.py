"""Anthropic's Messages API behind chat completions, and as it is."""

import time
from collections.abc import Callable

from apps.serving.providers.access import Access
from apps.serving.providers.anthropic import answer, request
from apps.serving.providers.anthropic.stream import AnthropicStream
from apps.serving.providers.base import ChatCall, Headers, Members, StreamTranslator, UpstreamRequest
from apps.serving.providers.defaults import JSON, KeyedAdapter
from apps.serving.providers.native import with_model

VERSION, BETA = b"anthropic-version", b"anthropic-beta"
API_VERSION = b"2023-06-01"
DIALECTS = frozenset(("messages", "messages/count_tokens"))


class Anthropic(KeyedAdapter):
    kind = "anthropic"
    label = "Anthropic"
    default_base_url = "https://api.anthropic.com/v1"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def base_path(self, path: str) -> str:
        return path if path.endswith("/v1") else f"{path}/v1"

    def headers(self, access: Access) -> Headers:
        return self._headers(access, ((VERSION, API_VERSION),))

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        body, dropped = request.translate(call)
        return UpstreamRequest(path="/messages", headers=self.headers(access), body=body, dropped=dropped)

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return answer.translate(body, int(self._now()))

    def stream(self, call: ChatCall) -> StreamTranslator:
        return AnthropicStream(int(self._now()), include_usage=call.include_usage)

    def speaks(self, dialect: str, access: Access) -> bool:
        return dialect in DIALECTS

    def native_request(
        self, dialect: str, members: Members, body: bytes | None, model: str, access: Access, headers: Headers = ()
    ) -> UpstreamRequest:
        """The caller's own version and betas go along."""
        if dialect not in DIALECTS:
            return super().native_request(dialect, members, body, model, access, headers)
        given = tuple((name, value) for name, value in headers if name in (VERSION, BETA))
        if VERSION not in dict(given):
            given = ((VERSION, API_VERSION), *given)
        sent = with_model(members, body, model)
        return UpstreamRequest(path=f"/{dialect}", headers=self._headers(access, given), body=sent)

    def _headers(self, access: Access, spoken: Headers) -> Headers:
        key = ((b"x-api-key", access.credential.encode()),) if access.credential else ()
        return (JSON, *spoken, *key)
