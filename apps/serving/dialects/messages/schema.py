"""The parts of a Messages request that are read by name."""

from typing import Any

import msgspec
from msgspec import Raw, Struct


class Base64Source(Struct, tag="base64"):
    media_type: str
    data: str


class UrlSource(Struct, tag="url"):
    url: str


class TextSource(Struct, tag="text"):
    data: str


class ContentSource(Struct, tag="content"):
    content: "str | list[Text | Image]"


Source = Base64Source | UrlSource | TextSource | ContentSource


class Text(Struct, tag="text"):
    text: str
    cache_control: Any = None


class Image(Struct, tag="image"):
    source: Base64Source | UrlSource
    cache_control: Any = None


class Citations(Struct):
    enabled: bool | None = None


class Document(Struct, tag="document"):
    source: Source
    title: str | None = None
    context: str | None = None
    citations: Citations | None = None
    cache_control: Any = None


class SearchResult(Struct, tag="search_result"):
    source: str
    title: str
    content: list[Text]
    citations: Citations | None = None
    cache_control: Any = None


Content = Text | Image | Document | SearchResult


class ToolUse(Struct, tag="tool_use"):
    """`input` stays as it is written, every digit kept."""

    id: str
    name: str
    input: Raw = Raw(b"{}")


class ToolResult(Struct, tag="tool_result"):
    tool_use_id: str
    content: str | list[Text | Image | Document | SearchResult] | None = None
    is_error: bool | None = None
    cache_control: Any = None


class Thinking(Struct, tag="thinking"):
    thinking: str
    signature: str = ""


class RedactedThinking(Struct, tag="redacted_thinking"):
    data: str


Block = Text | Image | Document | SearchResult | ToolUse | ToolResult | Thinking | RedactedThinking


class Message(Struct):
    role: str
    content: str | list[Block]


class Tool(Struct):
    name: str
    type: str | None = None
    description: str | None = None
    input_schema: Raw = Raw(b"null")
    strict: bool | None = None
    cache_control: Any = None


class ToolChoice(Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Metadata(Struct):
    user_id: str | None = None


class ThinkingConfig(Struct):
    type: str
    budget_tokens: int | None = None


class OutputFormat(Struct):
    type: str
    schema: Raw


class OutputConfig(Struct):
    effort: str | None = None
    format: OutputFormat | None = None


class Counted(Struct):
    """What the tokens of a request are counted from."""

    messages: list[Message]
    system: str | list[Text] | None = None
    tools: list[Tool] | None = None


class Request(Counted, kw_only=True):
    max_tokens: int
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    tool_choice: ToolChoice | None = None
    metadata: Metadata | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None


counted_decoder = msgspec.json.Decoder(Counted)
request_decoder = msgspec.json.Decoder(Request)
