"""Tools, the choice among them, and the calls of earlier turns."""

import msgspec

from apps.serving.providers.base import UnsupportedRequest
from apps.serving.providers.chat.schema import ABSENT, Chat, Tool, ToolCall, ToolFunction

ANY_OBJECT = msgspec.Raw(b'{"type":"object"}')
NO_ARGUMENTS = msgspec.Raw(b"{}")


def functions(chat: Chat) -> list[tuple[Tool, ToolFunction]]:
    """The request's tools, each with its function; UnsupportedRequest for tools that are none."""
    return [(tool, _function(tool)) for tool in chat.tools or ()]


def parameters(function: ToolFunction) -> msgspec.Raw:
    """The schema of its arguments; a function without one takes any object."""
    return ANY_OBJECT if function.parameters == ABSENT else function.parameters


def tool_choice(chat: Chat) -> str | ToolFunction | None:
    """auto, required or none; the one function that has to be called; None where the request leaves it open."""
    choice = chat.tool_choice
    if choice is None or choice in ("auto", "required", "none"):
        return choice if isinstance(choice, str) else None
    if isinstance(choice, str):
        raise UnsupportedRequest(f"tool_choice: {choice!r} is not one of auto, required, none.", "tool_choice")
    function = choice.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise UnsupportedRequest("tool_choice: only a function can be named.", "tool_choice")
    return ToolFunction(function["name"])


def arguments(call: ToolCall, where: str) -> msgspec.Raw:
    """A call's arguments as the JSON object they are the text of, every digit kept."""
    written = call.function.arguments.strip().encode()
    if not written:
        return NO_ARGUMENTS
    try:
        msgspec.json.decode(written, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        param = f"{where}.tool_calls"
        raise UnsupportedRequest(f"{param}: the arguments of {call.id!r} are not a JSON object.", param) from None
    return msgspec.Raw(written)


def _function(tool: Tool) -> ToolFunction:
    if tool.type != "function" or tool.function is None:
        raise UnsupportedRequest(f"tools: the type {tool.type!r} is not supported.", "tools")
    return tool.function
