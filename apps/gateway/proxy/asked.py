"""What the gateway understands of a request, for each kind of request that it takes."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Raw

from apps.gateway.proxy.doors import EMBEDDINGS, Door
from apps.gateway.proxy.json_body import Members, described, read_object
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import Invalid

MAX_MODEL_NAME = 200

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MODEL_NAME)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Turn(msgspec.Struct):
    """One message: the role alone matters here, the rest is the provider's business."""

    role: str


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatBody(msgspec.Struct):
    """The members of a chat request that the gateway understands, or whose wrong type it refuses itself."""

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

    stream: ClassVar[bool] = False
    stream_options: ClassVar[None] = None
    metadata: ClassVar[None] = None

    model: Name
    input: Text | Annotated[list[Text | int | list[int]], msgspec.Meta(min_length=1)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=65_536)] | None = None
    user: str | None = None


class ForeignBody(msgspec.Struct):
    """Of a request in a dialect that isn't the gateway's own, as far as it is not translated."""

    model: Name
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None


Asked = ChatBody | EmbeddingsBody | ForeignBody


class Request(msgspec.Struct):
    """A request as it came: the bytes and the members in its dialect, unparsed; then in chat's words.

    asked: what was understood. chat: the members of the chat request that asks for the same; the very `members`
    where nothing had to be translated. untranslatable: why there are none; only a provider that speaks the dialect
    itself can answer then. history: a stored conversation came before it.
    """

    raw: bytes
    members: Members
    asked: Asked
    chat: Members
    untranslatable: Refusal | None = None
    history: Sequence[Raw] = ()

    @property
    def wants_usage(self) -> bool:
        options = self.asked.stream_options
        return options is not None and bool(options.include_usage)


_chat = msgspec.json.Decoder(ChatBody)
_embeddings = msgspec.json.Decoder(EmbeddingsBody)
_foreign = msgspec.json.Decoder(ForeignBody)
_encode = msgspec.json.Encoder().encode


def parse(raw: bytes, door: Door) -> Request:
    """Refusal 400 naming the member that is wrong."""
    if door.operation == EMBEDDINGS:
        return _request(raw, _embeddings)
    return _request(raw, _chat if door.is_hub else _foreign)


def _request(raw: bytes, decoder: "msgspec.json.Decoder[Any]") -> Request:
    members, asked = read_object(raw, decoder)
    return Request(raw, members, asked, members)


def translate(request: Request, to_chat: Callable[[Members], Members]) -> None:
    """Say the request in chat's words too, or note why that can't be."""
    try:
        request.chat = to_chat(request.members)
        request.asked = _chat.decode(_encode(request.chat))
    except Invalid as error:
        request.untranslatable = Refusal(400, error.message, code="invalid_request", param=error.param or None)
    except msgspec.ValidationError as error:
        request.untranslatable = described(str(error))
