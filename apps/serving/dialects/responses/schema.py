"""The parts of a Responses request that are read by name."""

from typing import Any

import msgspec
from msgspec import Raw, Struct


class Part(Struct):
    """A part of a message's content, of a tool's output or of a reasoning's summary."""

    type: str = ""
    text: str = ""
    refusal: str = ""
    image_url: str | None = None
    detail: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: dict[str, Any] | None = None


Content = str | list[Part] | None


class Item(Struct):
    """Of any type; one without a type is a message."""

    type: str | None = None
    role: str | None = None
    content: Content = None
    call_id: str | None = None
    name: str | None = None
    arguments: str = ""
    output: Content = None
    summary: list[Part] | None = None
    encrypted_content: str | None = None


class Tool(Struct):
    type: str
    name: str | None = None
    description: str | None = None
    parameters: Raw = Raw(b"null")
    strict: bool | None = None


class Format(Struct):
    type: str
    name: str | None = None
    schema: Raw = Raw(b"null")
    description: str | None = None
    strict: bool | None = None


class TextConfig(Struct):
    format: Format | None = None
    verbosity: str | None = None


class Reasoning(Struct):
    effort: str | None = None


class Request(Struct):
    """`input` without its items, which are read together with those of the history."""

    input: str | list[Raw]
    instructions: str | None = None
    tools: list[Tool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: int | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    stream: bool | None = None


class Input(Struct):
    input: list[Item]


request_decoder = msgspec.json.Decoder(Request)
input_decoder = msgspec.json.Decoder(Input)
