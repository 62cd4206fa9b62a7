"""What most adapters have in common: nothing to ask for, nothing spoken but chat completions."""

from apps.serving.providers.access import Access
from apps.serving.providers.base import (
    EmbeddingsCall,
    Headers,
    Members,
    ProviderError,
    UnsupportedRequest,
    UpstreamRequest,
)
from apps.serving.providers.failures import read_error
from apps.serving.providers.options import Option

JSON = (b"content-type", b"application/json")


class DefaultAdapter:
    """Base of the adapters; those that can do more say so."""

    kind: str
    label: str
    default_base_url: str
    options: tuple[Option, ...] = ()

    def check_credential(self, credential: str) -> None:
        """Any text is a key."""

    def headers(self, access: Access) -> Headers:
        return (JSON,)

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        return read_error(status, body, credential)

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        raise UnsupportedRequest(f"model: {self.label} has no embeddings.", "model")

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        raise ProviderError(502, f"{self.label} has no embeddings.")

    def speaks(self, dialect: str, access: Access) -> bool:
        return False

    def native_request(
        self, dialect: str, members: Members, body: bytes | None, model: str, access: Access, headers: Headers = ()
    ) -> UpstreamRequest:
        raise UnsupportedRequest(f"model: {self.label} does not speak the {dialect} dialect.", "model")


class KeyedAdapter(DefaultAdapter):
    """Of providers that take the same key with every request, as a bearer unless they say otherwise."""

    def headers(self, access: Access) -> Headers:
        if not access.credential:
            return (JSON,)
        return (JSON, (b"authorization", b"Bearer " + access.credential.encode()))

    def models_request(self, access: Access) -> UpstreamRequest:
        return UpstreamRequest(method="GET", path="/models", headers=self.headers(access))
