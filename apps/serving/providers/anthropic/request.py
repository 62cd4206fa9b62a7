"""From a chat-completions request to Anthropic's Messages request."""

import re
from typing import Any

import msgspec

from apps.serving.providers.anthropic.conversation import conversation
from apps.serving.providers.anthropic.schema import ABSENT, Chat, Tool, chat_decoder
from apps.serving.providers.base import UNREADABLE, ChatCall, UnsupportedRequest

DEFAULT_MAX_TOKENS = 4096
_encode = msgspec.json.Encoder().encode
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FORWARDED = frozenset(Chat.__struct_fields__) | {"model", "stream_options", "top_logprobs"}
_ANY_OBJECT = msgspec.Raw(b'{"type":"object"}')
_NEUTRAL = (b"null", b"0", b"0.0", b"[]", b"{}", b"false")  # leaving these out changes nothing


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out or changed; UnsupportedRequest for what can't be done."""
    try:
        chat = chat_decoder.decode(call.body if call.body is not None else _encode(call.members))
    except UNREADABLE as error:
        found = _PLACE.search(str(error))
        raise UnsupportedRequest(str(error), found[1] if found else "messages") from None
    _refuse_unsupported(chat)
    dropped = [name for name, value in call.members.items() if name not in _FORWARDED and bytes(value) not in _NEUTRAL]
    system, messages = conversation(chat.messages)
    if call.system_prompt is not None:
        system.insert(0, {"type": "text", "text": call.system_prompt})
    body: dict[str, Any] = {
        "model": call.upstream_model,
        "max_tokens": chat.max_completion_tokens or chat.max_tokens or call.max_output_tokens or DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if system:
        body["system"] = system
    _add_options(body, chat, dropped)
    if chat.tools:
        body["tools"] = [_tool(tool) for tool in chat.tools]
        _add_tool_choice(body, chat)
    return _encode(body), tuple(dropped)


def _refuse_unsupported(chat: Chat) -> None:
    if chat.n is not None and chat.n != 1:
        raise UnsupportedRequest("n: Anthropic models give one choice per request.", "n")
    if chat.logprobs:
        raise UnsupportedRequest("logprobs: Anthropic models don't return log probabilities.", "logprobs")


def _add_options(body: dict[str, Any], chat: Chat, dropped: list[str]) -> None:
    if chat.temperature is not None:
        # OpenAI's scale ends at 2, Anthropic's at 1.
        body["temperature"] = min(chat.temperature, 1.0)
        if chat.temperature > 1:
            dropped.append("temperature")
    for name in ("top_p", "top_k"):
        if (value := getattr(chat, name)) is not None:
            body[name] = value
    if chat.thinking != ABSENT:
        body["thinking"] = chat.thinking
    if chat.stop:
        body["stop_sequences"] = [chat.stop] if isinstance(chat.stop, str) else chat.stop
    if chat.stream:
        body["stream"] = True
    if chat.user:
        body["metadata"] = {"user_id": chat.user}
    wanted = chat.response_format
    if wanted is not None and wanted.json_schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": wanted.json_schema.schema}}
    elif wanted is not None and wanted.type != "text":
        dropped.append("response_format")


def _tool(tool: Tool) -> dict[str, Any]:
    function = tool.function
    if tool.type != "function" or function is None:
        raise UnsupportedRequest(f"tools: the type {tool.type!r} is not supported.", "tools")
    translated: dict[str, Any] = {"name": function.name, "input_schema": _ANY_OBJECT}
    if function.parameters != ABSENT:
        translated["input_schema"] = function.parameters
    if function.description:
        translated["description"] = function.description
    if function.strict:
        translated["strict"] = True
    if tool.cache_control != ABSENT:
        translated["cache_control"] = tool.cache_control
    return translated


def _add_tool_choice(body: dict[str, Any], chat: Chat) -> None:
    choice, translated = chat.tool_choice, None
    if isinstance(choice, dict):
        function = choice.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise UnsupportedRequest("tool_choice: only a function can be named.", "tool_choice")
        translated = {"type": "tool", "name": function["name"]}
    elif choice is not None:
        kinds = {"auto": "auto", "required": "any", "none": "none"}
        if choice not in kinds:
            raise UnsupportedRequest(f"tool_choice: {choice!r} is not one of auto, required, none.", "tool_choice")
        translated = {"type": kinds[choice]}
    if chat.parallel_tool_calls is False and choice != "none":
        translated = {**(translated or {"type": "auto"}), "disable_parallel_tool_use": True}
    if translated is not None:
        body["tool_choice"] = translated
