"""Mistral's API: OpenAI's shape with differences."""

from apps.serving.providers.access import Access
from apps.serving.providers.base import ChatCall, EmbeddingsCall, ProviderError, StreamTranslator, UpstreamRequest
from apps.serving.providers.defaults import KeyedAdapter
from apps.serving.providers.failures import read_error, type_of
from apps.serving.providers.mistral import answer, embeddings, request
from apps.serving.providers.mistral.stream import MistralStream


class Mistral(KeyedAdapter):
    kind = "mistral"
    label = "Mistral"
    default_base_url = "https://api.mistral.ai/v1"

    def base_path(self, path: str) -> str:
        return path or "/v1"

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        body, dropped = request.translate(call)
        return UpstreamRequest(path="/chat/completions", headers=self.headers(access), body=body, dropped=dropped)

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return answer.translate(body)

    def stream(self, call: ChatCall) -> StreamTranslator:
        return MistralStream(include_usage=call.include_usage)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        """Mistral's own types become codes, and the type what the status says."""
        found = read_error(status, body, credential)
        usual = type_of(found.status)
        if found.type != usual:
            found.code = found.type if found.code is None or found.code.isdigit() else found.code
            found.type = usual
        return found

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        body, dropped = embeddings.translate(call)
        return UpstreamRequest(path="/embeddings", headers=self.headers(access), body=body, dropped=dropped)

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        return embeddings.answer(call, body)
