"""The system prompt and the messages as those of a chat request."""

from typing import Any

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.chat.turns import Part, Turns, content, text_part
from apps.serving.dialects.messages.content import block_parts, parts
from apps.serving.dialects.messages.schema import (
    Block,
    Counted,
    Document,
    Image,
    Message,
    RedactedThinking,
    SearchResult,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)


def conversation(request: Counted) -> list[dict[str, Any]]:
    """Invalid for a block where it can't be."""
    turns = Turns()
    if system := parts(request.system, "system"):
        turns.add({"role": "system", "content": content(system)})
    for position, message in enumerate(request.messages):
        _add(turns, message, f"messages[{position}]")
    return turns.messages()


def _add(turns: Turns, message: Message, where: str) -> None:
    if isinstance(message.content, str):
        blocks: list[Block] = [Text(message.content)]
    else:
        blocks = message.content
    if message.role == "user":
        _add_user(turns, blocks, f"{where}.content")
    elif message.role == "assistant":
        turns.add(_assistant(blocks, f"{where}.content"))
    elif message.role == "system":
        turns.add({"role": "system", "content": content(_texts(blocks, f"{where}.content"))})
    else:
        raise Invalid(f"{where}.role: {message.role[:100]!r} is none of user, assistant, system.", f"{where}.role")


def _add_user(turns: Turns, blocks: list[Block], where: str) -> None:
    said: list[Part] = []
    answered = False
    for position, block in enumerate(blocks):
        place = f"{where}[{position}]"
        if isinstance(block, ToolResult):
            answered = True
            _add_result(turns, block, place)
        elif isinstance(block, Text | Image | Document | SearchResult):
            said += block_parts(block, place)
        else:
            raise _misplaced(block, place, "assistant")
    if not said and not answered:
        said = [text_part("")]
    turns.user(said)


def _add_result(turns: Turns, result: ToolResult, where: str) -> None:
    found = parts(result.content, f"{where}.content")
    if result.cache_control is not None and found:
        found[-1] = {**found[-1], "cache_control": result.cache_control}
    turns.result(result.tool_use_id, found, failed=bool(result.is_error))


def _assistant(blocks: list[Block], where: str) -> dict[str, Any]:
    """Signed reasoning goes along as it is; unsigned never came from Anthropic, and is reasoning_content again."""
    said = _texts(blocks, where, beside=(Thinking, RedactedThinking, ToolUse))
    calls = [_call(block) for block in blocks if isinstance(block, ToolUse)]
    message: dict[str, Any] = {"role": "assistant", "content": content(said) if said or not calls else None}
    if reasoning := "".join(block.thinking for block in blocks if isinstance(block, Thinking) and not block.signature):
        message["reasoning_content"] = reasoning
    if signed := [block for block in blocks if _is_signed(block)]:
        message["thinking_blocks"] = signed
    if calls:
        message["tool_calls"] = calls
    return message


def _is_signed(block: Block) -> bool:
    return isinstance(block, RedactedThinking) or (isinstance(block, Thinking) and bool(block.signature))


def _texts(blocks: list[Block], where: str, beside: tuple[type, ...] = ()) -> list[Part]:
    """The texts; Invalid for a block that is none and not of the types `beside`."""
    found: list[Part] = []
    for position, block in enumerate(blocks):
        if isinstance(block, Text):
            found += block_parts(block, where)
        elif not isinstance(block, beside):
            raise _misplaced(block, f"{where}[{position}]", "user")
    return found


def _call(block: ToolUse) -> dict[str, Any]:
    written = {"name": block.name, "arguments": bytes(block.input).decode()}
    return {"id": block.id, "type": "function", "function": written}


def _misplaced(block: Block, where: str, role: str) -> Invalid:
    kind = block.__struct_config__.tag
    return Invalid(f"{where}: a block of the type {kind!r} can only be in a message of the {role}.", where)
