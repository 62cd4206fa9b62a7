"""An embedding model of the catalogue, asked through its provider's adapter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from apps.serving.embedding.base import DIMENSIONS, EmbeddingFailed, Vectors, unit_rows
from apps.serving.providers import EmbeddingsCall, ProviderError, UnsupportedRequest, read_members
from apps.serving.providers.base import UNREADABLE
from apps.serving.transport import HttpClient, TransportError

if TYPE_CHECKING:
    from apps.serving.services.upstream import Upstream


class _Row(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Row]


class EndpointEmbedder:
    """`model`: what the provider calls it. A model with more dimensions is asked to shorten its vectors itself."""

    def __init__(self, upstream: "Upstream", client: HttpClient, model: str) -> None:
        self._upstream, self._client, self._model = upstream, client, model
        self._shorten = False

    @property
    def name(self) -> str:
        return f"{self._upstream.provider}/{self._model}@{DIMENSIONS}"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        rows = await self._ask(texts)
        if not self._shorten and len(rows[0]) > DIMENSIONS:
            self._shorten = True
            rows = await self._ask(texts)
        if any(len(row) != DIMENSIONS for row in rows):
            raise EmbeddingFailed(f"{self._model} gives {len(rows[0])} dimensions, and {DIMENSIONS} are needed.")
        vectors = np.array(rows, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise EmbeddingFailed(f"{self._model} sent a vector with a number that is none.")
        return unit_rows(vectors)

    async def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        provider, adapter, call = self._upstream.provider, self._upstream.adapter, self._call(texts)
        status, body = await self._send(call)
        if status != 200:
            error = adapter.error(status, body, self._upstream.credential)
            raise EmbeddingFailed(f"{provider} refused with {status}: {error.message}")
        try:
            answer = msgspec.json.decode(adapter.embeddings_answer(call, body), type=_Answer)
        except ProviderError as error:
            raise EmbeddingFailed(f"{provider} refused: {error.message}") from error
        except UNREADABLE as error:
            raise EmbeddingFailed(f"{provider} sent an answer that holds no embeddings.") from error
        rows = sorted(answer.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise EmbeddingFailed(f"{provider} sent {len(rows)} embeddings for {len(texts)} texts.")
        return [row.embedding for row in rows]

    def _call(self, texts: Sequence[str]) -> EmbeddingsCall:
        members: dict[str, Any] = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        if self._shorten:
            members["dimensions"] = DIMENSIONS
        body = msgspec.json.encode(members)
        return EmbeddingsCall(members=read_members(body), body=body, model=self._model, upstream_model=self._model)

    async def _send(self, call: EmbeddingsCall) -> tuple[int, bytes]:
        upstream = self._upstream
        try:
            request = upstream.adapter.embeddings_request(call, upstream.access)
            path, headers = upstream.path + request.path, list(request.headers)
            async with await self._client.send(
                upstream.target, request.method, path, headers, request.body, upstream.timeouts, whole=True
            ) as response:
                return response.status, await response.read()
        except UnsupportedRequest as error:
            raise EmbeddingFailed(f"{upstream.provider} cannot do this: {error}") from error
        except TransportError as error:
            raise EmbeddingFailed(f"{upstream.provider} could not be reached: {error}") from error
