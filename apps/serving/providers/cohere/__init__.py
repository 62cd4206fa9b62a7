"""Cohere's chat and embeddings (v2) behind OpenAI's."""

import time
from collections.abc import Callable

from apps.serving.providers.access import Access
from apps.serving.providers.base import ChatCall, EmbeddingsCall, ProviderError, StreamTranslator, UpstreamRequest
from apps.serving.providers.cohere import answer, embeddings, request
from apps.serving.providers.cohere.stream import CohereStream
from apps.serving.providers.defaults import KeyedAdapter
from apps.serving.providers.failures import read_error

_INVALID_TOKEN = 498  # Cohere's own


class Cohere(KeyedAdapter):
    kind = "cohere"
    label = "Cohere"
    default_base_url = "https://api.cohere.com"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def base_path(self, path: str) -> str:
        """Without the version: its doors are of different ones."""
        return path.removesuffix("/v2").removesuffix("/v1")

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        body, dropped = request.translate(call)
        return UpstreamRequest(path="/v2/chat", headers=self.headers(access), body=body, dropped=dropped)

    def models_request(self, access: Access) -> UpstreamRequest:
        return UpstreamRequest(method="GET", path="/v1/models", headers=self.headers(access))

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return answer.translate(body, int(self._now()), call.upstream_model if call else "")

    def stream(self, call: ChatCall) -> StreamTranslator:
        return CohereStream(int(self._now()), call.upstream_model, include_usage=call.include_usage)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return read_error(401 if status == _INVALID_TOKEN else status, body, credential)

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        body, dropped = embeddings.translate(call)
        return UpstreamRequest(path="/v2/embed", headers=self.headers(access), body=body, dropped=dropped)

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        return embeddings.answer(call, body)
