"""Anthropic's Messages API behind chat completions."""

import time
from collections.abc import Callable

from apps.serving.providers.anthropic import answer, request
from apps.serving.providers.anthropic.stream import AnthropicStream
from apps.serving.providers.base import ChatCall, Headers, ProviderError, StreamTranslator, UpstreamRequest
from apps.serving.providers.failures import read_error

API_VERSION = b"2023-06-01"


class Anthropic:
    kind = "anthropic"
    label = "Anthropic"
    default_base_url = "https://api.anthropic.com/v1"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def base_path(self, path: str) -> str:
        return path if path.endswith("/v1") else f"{path}/v1"

    def headers(self, credential: str) -> Headers:
        common = ((b"content-type", b"application/json"), (b"anthropic-version", API_VERSION))
        return (*common, (b"x-api-key", credential.encode())) if credential else common

    def request(self, call: ChatCall, credential: str) -> UpstreamRequest:
        body, dropped = request.translate(call)
        return UpstreamRequest(path="/messages", headers=self.headers(credential), body=body, dropped=dropped)

    def models_request(self, credential: str) -> UpstreamRequest:
        return UpstreamRequest(method="GET", path="/models", headers=self.headers(credential))

    def plain(self, body: bytes) -> bytes:
        return answer.translate(body, int(self._now()))

    def stream(self, call: ChatCall) -> StreamTranslator:
        return AnthropicStream(int(self._now()), include_usage=call.include_usage)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return read_error(status, body, credential)
