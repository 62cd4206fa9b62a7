"""What the gateway understands of a request, for each kind of request that it takes."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from apps.gateway.proxy.json_body import Members, read_object

MAX_MODEL_NAME = 200
CHAT, EMBEDDINGS = "chat", "embeddings"  # gen_ai.operation.name

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MODEL_NAME)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Turn(msgspec.Struct):
    """One message: the role alone matters here, the rest is the provider's business."""

    role: str


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatBody(msgspec.Struct):
    """The members of a chat request that the gateway understands, or whose wrong type it refuses itself."""

    operation: ClassVar[str] = CHAT

    model: Name
    messages: Annotated[list[Turn], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, Any]] | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None


class EmbeddingsBody(msgspec.Struct):
    """The same of an embeddings request; the input is text, texts, or their tokens."""

    operation: ClassVar[str] = EMBEDDINGS
    stream: ClassVar[bool] = False
    stream_options: ClassVar[None] = None
    metadata: ClassVar[None] = None

    model: Name
    input: Text | Annotated[list[Text | int | list[int]], msgspec.Meta(min_length=1)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    user: str | None = None


class Request(msgspec.Struct):
    """A request as it came: the bytes, the members unparsed, and what was understood of them."""

    raw: bytes
    members: Members
    asked: ChatBody | EmbeddingsBody

    @property
    def wants_usage(self) -> bool:
        options = self.asked.stream_options
        return options is not None and bool(options.include_usage)


_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    kind.operation: msgspec.json.Decoder(kind) for kind in (ChatBody, EmbeddingsBody)
}


def parse(raw: bytes, operation: str = CHAT) -> Request:
    """Refusal 400 naming the member that is wrong."""
    members, asked = read_object(raw, _DECODERS[operation])
    return Request(raw, members, asked)
