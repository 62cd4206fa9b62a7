"""From a Messages request to the chat request that asks for the same."""

from typing import Any

from apps.serving.dialects.base import WITH_USAGE, Invalid
from apps.serving.dialects.messages.conversation import conversation
from apps.serving.dialects.messages.schema import OutputConfig, Request, Tool, ToolChoice, request_decoder
from apps.serving.dialects.reading import others, raw, read, refuse
from apps.serving.providers.base import Members

_REFUSED = {
    "mcp_servers": "this model can't reach MCP servers by itself.",
    "container": "this model runs no containers.",
    "inference_geo": "this model's provider promises no region.",
}
_TRANSLATED = frozenset(
    (
        "messages", "system", "max_tokens", "stop_sequences", "tools", "tool_choice", "metadata", "thinking",
        "output_config", "stream_options",
    )
)  # fmt: skip
# Wishes about the how, not the what: whoever answers without them answers the same question.
_DROPPED = frozenset(
    (
        "cache_control", "service_tier", "speed", "context_management", "diagnostics", "user_profile_id",
        "workspace_id", "betas",
    )
)  # fmt: skip
_HERE = _TRANSLATED | _DROPPED | frozenset(_REFUSED)
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
# Reasoning budgets in tokens, up to which an effort is meant.
_EFFORTS = ((4095, "low"), (16383, "medium"))


def translate(members: Members) -> Members:
    """Invalid for what is wrong, and for what no chat completion can do."""
    refuse(members, _REFUSED)
    request = read(members, request_decoder)
    if bytes(members.get("n", b"1")) not in (b"1", b"null"):
        raise Invalid("n: a message has one answer only.", "n")
    if not request.messages:
        raise Invalid("messages: at least one message is required.", "messages")
    if request.max_tokens < 1:
        raise Invalid("max_tokens: at least 1 is required.", "max_tokens")
    found = {"messages": conversation(request), "max_completion_tokens": request.max_tokens}
    _add_options(found, request)
    if request.tools:
        _add_tools(found, request.tools, request.tool_choice)
    chat = others(members, _HERE) | {name: raw(value) for name, value in found.items()}
    if request.stream:
        chat["stream_options"] = WITH_USAGE
    return chat


def _add_options(found: dict[str, Any], request: Request) -> None:
    if request.stop_sequences:
        found["stop"] = request.stop_sequences
    if request.metadata is not None and request.metadata.user_id:
        found["user"] = request.metadata.user_id
    config = request.output_config or OutputConfig()
    if effort := config.effort or _effort(request):
        found["reasoning_effort"] = effort
    if config.format is not None:
        schema = {"name": "answer", "schema": config.format.schema, "strict": True}
        found["response_format"] = {"type": "json_schema", "json_schema": schema}


def _effort(request: Request) -> str | None:
    """Only a budget says how much; without one the model's own default is the best guess."""
    thinking = request.thinking
    if thinking is None or thinking.type != "enabled" or thinking.budget_tokens is None:
        return None
    return next((effort for most, effort in _EFFORTS if thinking.budget_tokens <= most), "high")


def _add_tools(found: dict[str, Any], tools: list[Tool], choice: ToolChoice | None) -> None:
    found["tools"] = [_tool(tool, f"tools[{position}]") for position, tool in enumerate(tools)]
    if choice is None:
        return
    found["tool_choice"] = _choice(choice)
    if choice.disable_parallel_tool_use:
        found["parallel_tool_calls"] = False


def _tool(tool: Tool, where: str) -> dict[str, Any]:
    if tool.type not in (None, "custom"):
        kind = f"{tool.type}"[:100]
        raise Invalid(f"{where}.type: {kind!r} is a tool of Anthropic's own; this model has none.", f"{where}.type")
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.input_schema}
    if bytes(tool.input_schema) == b"null":
        raise Invalid(f"{where}.input_schema: this member is required.", f"{where}.input_schema")
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    translated: dict[str, Any] = {"type": "function", "function": function}
    if tool.cache_control is not None:
        translated["cache_control"] = tool.cache_control
    return translated


def _choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.type == "tool" and choice.name:
        return {"type": "function", "function": {"name": choice.name}}
    if choice.type not in _CHOICES:
        raise Invalid("tool_choice: its type is one of auto, any, none, or tool with a name.", "tool_choice")
    return _CHOICES[choice.type]
