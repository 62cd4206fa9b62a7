"""The parts of both protocols that are read by name; everything else goes past unparsed or is ignored."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

ABSENT = Raw(b"null")  # a Raw member takes a null as it takes anything else


class Function(Struct):
    name: str
    arguments: str = ""


class ToolCall(Struct):
    id: str
    function: Function


class Message(Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str = ""


class ToolFunction(Struct):
    name: str
    description: str | None = None
    parameters: Raw = ABSENT
    strict: bool | None = None


class Tool(Struct):
    function: ToolFunction | None = None
    type: str = "function"
    cache_control: Raw = ABSENT


class JsonSchema(Struct):
    schema: Raw = Raw(b"{}")


class ResponseFormat(Struct):
    type: str
    json_schema: JsonSchema | None = None


class Chat(Struct):
    """The members of a chat request that mean something to Anthropic, or that can't be ignored."""

    messages: list[Message]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    user: str | None = None
    thinking: Raw = ABSENT
    n: int | None = None
    logprobs: bool | None = None


class Usage(Struct):
    """Anthropic's input_tokens leave out what was read from or written to the prompt cache."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class Block(Struct):
    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")


class Answer(Struct):
    id: str
    model: str
    usage: Usage
    content: list[Block] = []
    stop_reason: str | None = None


class Delta(Struct):
    """The texts stay JSON strings as they are written: they are only moved to another place."""

    type: str = ""
    text: Raw = Raw(b'""')
    thinking: Raw = Raw(b'""')
    partial_json: Raw = Raw(b'""')
    stop_reason: str | None = None


class StreamEvent(Struct):
    type: str
    index: int = 0
    message: Answer | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Usage | None = None
    error: Any = None


chat_decoder = msgspec.json.Decoder(Chat)
answer_decoder = msgspec.json.Decoder(Answer)
event_decoder = msgspec.json.Decoder(StreamEvent)
