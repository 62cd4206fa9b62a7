"""From a chat-completions request to Anthropic's Messages request."""

from typing import Any

import msgspec

from apps.serving.providers.anthropic.conversation import conversation
from apps.serving.providers.base import ChatCall
from apps.serving.providers.chat.schema import (
    Chat,
    Tool,
    ToolFunction,
    left_out,
    read_chat,
    refuse_choices,
    refuse_logprobs,
)
from apps.serving.providers.chat.tools import functions, parameters, tool_choice

DEFAULT_MAX_TOKENS = 4096
PROVIDER = "Anthropic"
_encode = msgspec.json.Encoder().encode
_KNOWN = frozenset(
    (
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "tools", "tool_choice",
        "parallel_tool_calls", "response_format", "user", "thinking", "n", "logprobs", "top_logprobs",
    )
)  # fmt: skip


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out or changed; UnsupportedRequest for what can't be done."""
    chat = read_chat(call)
    refuse_choices(chat, PROVIDER)
    refuse_logprobs(chat, PROVIDER)
    dropped = left_out(call, _KNOWN)
    system, messages = conversation(chat.messages)
    if call.system_prompt is not None:
        system.insert(0, {"type": "text", "text": call.system_prompt})
    body: dict[str, Any] = {
        "model": call.upstream_model,
        "max_tokens": chat.token_limit or call.max_output_tokens or DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if system:
        body["system"] = system
    _add_options(body, chat, dropped)
    if chat.tools:
        body["tools"] = [_tool(tool, function) for tool, function in functions(chat)]
        _add_tool_choice(body, chat)
    return _encode(body), tuple(dropped)


def _add_options(body: dict[str, Any], chat: Chat, dropped: list[str]) -> None:
    if chat.temperature is not None:
        # OpenAI's scale ends at 2, Anthropic's at 1.
        body["temperature"] = min(chat.temperature, 1.0)
        if chat.temperature > 1:
            dropped.append("temperature")
    for name in ("top_p", "top_k", "thinking"):
        if (value := getattr(chat, name)) is not None:
            body[name] = value
    if chat.stops:
        body["stop_sequences"] = chat.stops
    if chat.stream:
        body["stream"] = True
    if chat.user:
        body["metadata"] = {"user_id": chat.user}
    wanted = chat.response_format
    if wanted is not None and wanted.json_schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": wanted.json_schema.schema}}
    elif wanted is not None and wanted.type != "text":
        dropped.append("response_format")


def _tool(tool: Tool, function: ToolFunction) -> dict[str, Any]:
    translated: dict[str, Any] = {"name": function.name, "input_schema": parameters(function)}
    if function.description:
        translated["description"] = function.description
    if function.strict:
        translated["strict"] = True
    if tool.cache_control is not None:
        translated["cache_control"] = tool.cache_control
    return translated


def _add_tool_choice(body: dict[str, Any], chat: Chat) -> None:
    choice = tool_choice(chat)
    translated: dict[str, Any] | None = None
    if isinstance(choice, ToolFunction):
        translated = {"type": "tool", "name": choice.name}
    elif choice is not None:
        translated = {"type": {"auto": "auto", "required": "any", "none": "none"}[choice]}
    if chat.parallel_tool_calls is False and choice != "none":
        translated = {**(translated or {"type": "auto"}), "disable_parallel_tool_use": True}
    if translated is not None:
        body["tool_choice"] = translated
