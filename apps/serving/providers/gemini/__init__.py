"""Google's Gemini API behind chat completions and embeddings."""

import time
from collections.abc import Callable
from urllib.parse import quote

from apps.serving.providers.access import Access
from apps.serving.providers.base import (
    ChatCall,
    EmbeddingsCall,
    Headers,
    ProviderError,
    StreamTranslator,
    UpstreamRequest,
)
from apps.serving.providers.defaults import JSON, KeyedAdapter
from apps.serving.providers.gemini import answer, embeddings, failures, request
from apps.serving.providers.gemini.stream import GeminiStream


class Gemini(KeyedAdapter):
    kind = "gemini"
    label = "Google Gemini"
    default_base_url = "https://generativelanguage.googleapis.com/v1beta"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def base_path(self, path: str) -> str:
        return path or "/v1beta"

    def headers(self, access: Access) -> Headers:
        return (JSON, (b"x-goog-api-key", access.credential.encode())) if access.credential else (JSON,)

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        body, dropped = request.translate(call)
        method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        path = f"/{_named(call.upstream_model)}:{method}"
        return UpstreamRequest(path=path, headers=self.headers(access), body=body, dropped=dropped)

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return answer.translate(body, int(self._now()), call.upstream_model if call else "")

    def stream(self, call: ChatCall) -> StreamTranslator:
        return GeminiStream(int(self._now()), call.upstream_model, include_usage=call.include_usage)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return failures.read(status, body, credential)

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        model = _named(call.upstream_model)
        body, dropped = embeddings.translate(call, model)
        return UpstreamRequest(
            path=f"/{model}:batchEmbedContents", headers=self.headers(access), body=body, dropped=dropped
        )

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        return embeddings.answer(call, body)


def _named(model: str) -> str:
    """With its collection: models/… unless it says another one, such as tunedModels/…"""
    return quote(model if "/" in model else f"models/{model}", safe="/")
