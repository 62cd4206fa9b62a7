"""What the gateway asks of a provider adapter. Framework-free: bytes in, bytes out."""

from typing import Protocol

import msgspec

from apps.serving.providers.access import Access
from apps.serving.providers.options import Option
from llmkit.sse import DEFAULT_LIMIT

# What msgspec raises for bytes that are not the JSON that was expected.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
EVENT_LIMIT = 8 * DEFAULT_LIMIT  # bytes of one event: base64 images come in a single one
Members = dict[str, msgspec.Raw]
Headers = tuple[tuple[bytes, bytes], ...]
_members = msgspec.json.Decoder(Members)


class ChatCall(msgspec.Struct, frozen=True, kw_only=True):
    """A chat-completions request on its way to one model.

    `members` are the top-level members of the request, unparsed; `body` the bytes they were read from, as long as
    they are still the same. `model` is what the request calls the model, `upstream_model` what the provider does.
    `include_usage`: the client itself asked for usage in the stream; `ask_usage`: the platform asks for it anyway
    and takes it out of the client's stream. `system_prompt` goes before all messages.
    """

    members: Members
    body: bytes | None = None
    model: str
    upstream_model: str
    stream: bool = False
    include_usage: bool = False
    ask_usage: bool = True
    system_prompt: str | None = None
    max_output_tokens: int | None = None  # the model's, where a provider insists on a limit

    @property
    def adds_usage(self) -> bool:
        return self.stream and self.ask_usage and not self.include_usage


class EmbeddingsCall(msgspec.Struct, frozen=True, kw_only=True):
    """An embeddings request in OpenAI's shape on its way to one model; the members as in ChatCall."""

    members: Members
    body: bytes | None = None
    model: str
    upstream_model: str


def read_members(body: bytes) -> Members:
    """The top-level members of a JSON object, values as they are written; msgspec.DecodeError if it isn't one."""
    return _members.decode(body)


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`path` follows the provider's base path. `dropped` names members that the provider has no equivalent for."""

    path: str
    headers: Headers
    body: bytes = b""
    method: str = "POST"
    dropped: tuple[str, ...] = ()


class UnsupportedRequest(ValueError):
    """The provider can't do what a member of the request asks for; `param` names the member."""

    def __init__(self, message: str, param: str) -> None:
        self.param = param
        super().__init__(message)


class ProviderError(Exception):
    """What the provider said went wrong, fit for the client: never a credential, an address or a page of HTML."""

    def __init__(
        self, status: int, message: str, kind: str = "api_error", code: str | None = None, param: str | None = None
    ) -> None:
        self.status, self.message, self.type, self.code, self.param = status, message, kind, code, param
        super().__init__(f"{status}: {message}")

    def body(self) -> bytes:
        """The OpenAI-shaped JSON object."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})


class StreamTranslator(Protocol):
    """Turns the provider's stream into chat-completion chunks, as far as each piece allows."""

    def feed(self, chunk: bytes) -> bytes: ...
    def end(self) -> bytes: ...


class ProviderAdapter(Protocol):
    """One kind of provider. Adapters hold no state: everything about a call is in its arguments."""

    kind: str
    label: str
    default_base_url: str  # may hold names of options in braces; "" where every customer has another one
    options: tuple[Option, ...]

    def base_path(self, path: str) -> str:
        """The base URL's path, with the version added where users tend to leave it out."""
        ...

    def check_credential(self, credential: str) -> None:
        """ValueError in a sentence for a credential that can't be one of this provider's."""
        ...

    def headers(self, access: Access) -> Headers:
        """What every request to the provider carries, whatever it asks; an empty credential is left out."""
        ...

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        """UnsupportedRequest where the provider can't do what the call asks for."""
        ...

    def models_request(self, access: Access) -> UpstreamRequest:
        """A cheap authenticated question whose answer lists the models; UnsupportedRequest if there is none."""
        ...

    def plain(self, body: bytes, call: ChatCall | None = None) -> bytes:
        """The body of a 200 in OpenAI's shape; ProviderError if it is an error or can't be read.

        `call` names the model for providers whose answers don't.
        """
        ...

    def stream(self, call: ChatCall) -> StreamTranslator: ...

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        """From an answer that is not a 200."""
        ...

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        """UnsupportedRequest where the provider can't do what the call asks for."""
        ...

    def embeddings_answer(self, call: EmbeddingsCall, body: bytes) -> bytes:
        """The body of a 200 in OpenAI's shape; ProviderError if it is an error or can't be read."""
        ...

    def speaks(self, dialect: str, access: Access) -> bool:
        """Whether native_request takes requests of this dialect: messages, messages/count_tokens, responses or
        completions."""
        ...

    def native_request(
        self, dialect: str, members: Members, body: bytes | None, model: str, access: Access, headers: Headers = ()
    ) -> UpstreamRequest:
        """A request that the provider understands as it is: only its model becomes `model`.

        `headers` are the caller's, with names in lower case; those that belong to the dialect are kept.
        UnsupportedRequest for a dialect that the provider doesn't speak.
        """
        ...


class Identity:
    """The stream goes through as it comes."""

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def end(self) -> bytes:
        return b""
