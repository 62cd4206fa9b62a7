"""The parts of a chat-completions request that translators read by name; everything else goes past unparsed."""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from apps.serving.providers.base import UNREADABLE, ChatCall, UnsupportedRequest

ABSENT = Raw(b"null")  # a Raw member takes a null as it takes anything else
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_NEUTRAL = (b"null", b"0", b"0.0", b"[]", b"{}", b"false")  # leaving these out changes nothing
_USUAL = {"parallel_tool_calls": (b"null", b"true")}  # here that is another value
# Members that every translator deals with: the model by its own name, the usage by always counting.
_EVERYWHERE = frozenset(("model", "messages", "stream", "stream_options"))


class Function(Struct):
    name: str
    arguments: str = ""


class ToolCall(Struct):
    """`extra_content` is where Google's own OpenAI door keeps thought signatures; ours does too."""

    id: str
    function: Function
    extra_content: Any = None


class Message(Struct):
    """`thinking_blocks`: signed reasoning, as the answer that is now history carried it."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str = ""
    thinking_blocks: list[dict[str, Any]] | None = None


class ToolFunction(Struct):
    name: str
    description: str | None = None
    parameters: Raw = ABSENT
    strict: bool | None = None


class Tool(Struct):
    function: ToolFunction | None = None
    type: str = "function"
    cache_control: Any = None


class JsonSchema(Struct):
    schema: Raw = Raw(b"{}")
    name: str = ""
    description: str | None = None


class ResponseFormat(Struct):
    type: str
    json_schema: JsonSchema | None = None


class Chat(Struct):
    """The members that mean something to at least one provider, or that can't be ignored."""

    messages: list[Message]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    tools: list[Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    user: str | None = None
    thinking: Any = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None

    @property
    def token_limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


chat_decoder = msgspec.json.Decoder(Chat)
_encode = msgspec.json.Encoder().encode


def read_chat(call: ChatCall) -> Chat:
    """The call's request; UnsupportedRequest naming the member that isn't of the right type."""
    try:
        return chat_decoder.decode(call.body if call.body is not None else _encode(call.members))
    except UNREADABLE as error:
        found = _PLACE.search(str(error))
        raise UnsupportedRequest(str(error), found[1] if found else "messages") from None


def left_out(call: ChatCall, known: frozenset[str]) -> list[str]:
    """The members that ask for something and are not among those that the provider knows."""
    taken = _EVERYWHERE | known
    asked = [(name, bytes(value)) for name, value in call.members.items() if name not in taken]
    return [name for name, value in asked if value not in _USUAL.get(name, _NEUTRAL)]


def refuse_choices(chat: Chat, provider: str) -> None:
    if chat.n is not None and chat.n != 1:
        raise UnsupportedRequest(f"n: {provider} gives one choice per request.", "n")


def refuse_logprobs(chat: Chat, provider: str) -> None:
    if chat.logprobs:
        raise UnsupportedRequest(f"logprobs: {provider} returns no log probabilities.", "logprobs")
