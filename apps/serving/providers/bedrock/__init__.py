"""AWS Bedrock: its Converse API behind chat completions, InvokeModel behind embeddings.

botocore is loaded with the first provider of this kind: it takes 18 MB that nobody else needs.
"""

import time
from collections.abc import Callable
from urllib.parse import quote

from apps.serving.providers.access import Access
from apps.serving.providers.base import (
    ChatCall,
    EmbeddingsCall,
    ProviderError,
    StreamTranslator,
    UnsupportedRequest,
    UpstreamRequest,
)
from apps.serving.providers.bedrock import answer, embeddings, failures, request
from apps.serving.providers.defaults import DefaultAdapter
from apps.serving.providers.options import Option

REGION = Option(
    name="region",
    label="AWS region",
    help_text="The one that the models are called in, such as eu-central-1.",
    pattern=r"[a-z]{2}(-[a-z]+)+-\d",
    required=True,
)


class Bedrock(DefaultAdapter):
    kind = "bedrock"
    label = "AWS Bedrock"
    default_base_url = "https://bedrock-runtime.{region}.amazonaws.com"
    options: tuple[Option, ...] = (REGION,)

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def base_path(self, path: str) -> str:
        return path

    def check_credential(self, credential: str) -> None:
        from apps.serving.providers.bedrock.signing import read_keys

        read_keys(credential)

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        body, dropped = request.translate(call)
        method = "converse-stream" if call.stream else "converse"
        return self._post(call.upstream_model, method, body, dropped, access)

    def models_request(self, access: Access) -> UpstreamRequest:
        raise UnsupportedRequest("model: Bedrock lists its models at another address.", "model")

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        return answer.translate(body, int(self._now()), call.upstream_model if call else "")

    def stream(self, call: ChatCall) -> StreamTranslator:
        from apps.serving.providers.bedrock.stream import BedrockStream

        return BedrockStream(int(self._now()), call.upstream_model, include_usage=call.include_usage)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return failures.read(status, body, credential)

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        body, dropped = embeddings.translate(call)
        return self._post(call.upstream_model, "invoke", body, dropped, access)

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        return embeddings.answer(call, body)

    def _post(self, model: str, method: str, body: bytes, dropped: tuple[str, ...], access: Access) -> UpstreamRequest:
        from apps.serving.providers.bedrock.signing import signed_headers

        path = f"/model/{quote(model, safe='')}/{method}"
        headers = signed_headers(access, "POST", access.base_path + path, body)
        return UpstreamRequest(path=path, headers=headers, body=body, dropped=dropped)
