"""What the gateway asks of a provider adapter. Framework-free: bytes in, bytes out."""

from typing import Protocol

import msgspec

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
    default_base_url: str

    def base_path(self, path: str) -> str:
        """The base URL's path, with the version added where users tend to leave it out."""
        ...

    def headers(self, credential: str) -> Headers:
        """What every request to the provider carries; an empty credential is left out."""
        ...

    def request(self, call: ChatCall, credential: str) -> UpstreamRequest:
        """UnsupportedRequest where the provider can't do what the call asks for."""
        ...

    def models_request(self, credential: str) -> UpstreamRequest:
        """A cheap authenticated question whose answer lists the provider's models."""
        ...

    def plain(self, body: bytes) -> bytes:
        """The body of a 200 in OpenAI's shape; ProviderError if it is an error or can't be read."""
        ...

    def stream(self, call: ChatCall) -> StreamTranslator: ...

    def error(self, status: int, body: bytes, credential: str = "") -> ProviderError:
        """From an answer that is not a 200."""
        ...


class Identity:
    """The stream goes through as it comes."""

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def end(self) -> bytes:
        return b""
