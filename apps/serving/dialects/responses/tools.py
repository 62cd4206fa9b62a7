"""The tools of a Responses request, and the choice among them."""

from typing import Any

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.responses.schema import Request, Tool

_CHOICES = ("auto", "required", "none")


def tools_and_choice(request: Request) -> dict[str, Any]:
    """The members of the chat request; Invalid for tools that run elsewhere, naming the tool."""
    if not request.tools:
        return {}
    tools = [_tool(tool, f"tools[{position}]") for position, tool in enumerate(request.tools)]
    choice = request.tool_choice
    found: dict[str, Any] = {}
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        tools, choice = _allowed(tools, choice)
    if choice is not None:
        found["tool_choice"] = _choice(choice)
    if request.parallel_tool_calls is not None:
        found["parallel_tool_calls"] = request.parallel_tool_calls
    return {"tools": tools, **found}


def _tool(tool: Tool, where: str) -> dict[str, Any]:
    if tool.type != "function":
        raise Invalid(f"{where}: the tool {tool.type[:100]!r} is OpenAI's own; this model has none.", f"{where}.type")
    if not tool.name:
        raise Invalid(f"{where}.name: this member is required.", f"{where}.name")
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if bytes(tool.parameters) != b"null":
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _choice(choice: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(choice, str) and choice in _CHOICES:
        return choice
    if isinstance(choice, dict) and choice.get("type") == "function" and isinstance(choice.get("name"), str):
        return {"type": "function", "function": {"name": choice["name"]}}
    raise Invalid("tool_choice: auto, required, none, allowed tools or one function are supported.", "tool_choice")


def _allowed(tools: list[dict[str, Any]], choice: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """Only the tools that may be called are shown: no other way is understood everywhere."""
    allowed = choice.get("tools")
    names = {tool.get("name") for tool in allowed if isinstance(tool, dict)} if isinstance(allowed, list) else set()
    shown = [tool for tool in tools if tool["function"]["name"] in names]
    if not shown:
        raise Invalid("tool_choice.tools: none of the tools has one of these names.", "tool_choice.tools")
    return shown, choice.get("mode") or "auto"
