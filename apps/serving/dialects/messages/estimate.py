"""Counting a request's tokens where no provider does: a guess, on the high side for pictures and documents."""

import msgspec

from apps.serving.dialects.messages.schema import (
    Base64Source,
    Block,
    Counted,
    Document,
    Image,
    Message,
    RedactedThinking,
    SearchResult,
    Text,
    TextSource,
    Thinking,
    ToolResult,
    ToolUse,
    counted_decoder,
)
from apps.serving.dialects.reading import read
from apps.serving.providers.base import Members

BYTES_PER_TOKEN = 4  # of UTF-8, which suits Latin and East Asian scripts alike
MESSAGE_TOKENS = 4  # around each message
IMAGE_TOKENS = 1600  # of the largest picture that isn't scaled down
PAGE_TOKENS = 2000
PAGE_CHARACTERS = 64 * 1024  # of a PDF in base64: about 48 kB a page


def estimate_messages_tokens(members: Members) -> int:
    """The input tokens of a Messages request; Invalid naming the member that can't be read."""
    request = read(members, counted_decoder)
    written = sum(len(msgspec.json.encode(tool)) for tool in request.tools or ())
    tokens = -(-written // BYTES_PER_TOKEN) + _system(request)
    return tokens + sum(_message(message) for message in request.messages)


def _system(request: Counted) -> int:
    system = request.system or ""
    return _text(system) if isinstance(system, str) else sum(_text(block.text) for block in system)


def _message(message: Message) -> int:
    content = message.content
    return MESSAGE_TOKENS + (_text(content) if isinstance(content, str) else sum(map(_block, content)))


def _block(block: Block) -> int:
    if isinstance(block, Text):
        return _text(block.text)
    if isinstance(block, Image):
        return IMAGE_TOKENS
    if isinstance(block, Document):
        return _document(block)
    if isinstance(block, SearchResult):
        return _text(block.title) + sum(_text(part.text) for part in block.content)
    return _turn_block(block)


def _turn_block(block: ToolUse | ToolResult | Thinking | RedactedThinking) -> int:
    if isinstance(block, ToolUse):
        return _text(block.name) + -(-len(bytes(block.input)) // BYTES_PER_TOKEN)
    if isinstance(block, ToolResult):
        content = block.content or ""
        return _text(content) if isinstance(content, str) else sum(map(_block, content))
    return _text(block.thinking if isinstance(block, Thinking) else block.data)


def _document(document: Document) -> int:
    source = document.source
    if isinstance(source, TextSource):
        return _text(source.data)
    if isinstance(source, Base64Source):
        return PAGE_TOKENS * -(-len(source.data) // PAGE_CHARACTERS)
    return PAGE_TOKENS


def _text(text: str) -> int:
    return -(-len(text.encode()) // BYTES_PER_TOKEN)
