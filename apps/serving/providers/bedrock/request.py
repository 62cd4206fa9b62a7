"""From a chat-completions request to Bedrock's Converse."""

from typing import Any

import msgspec

from apps.serving.providers.base import ChatCall, UnsupportedRequest
from apps.serving.providers.bedrock.messages import cache_point, messages
from apps.serving.providers.chat.schema import (
    Chat,
    ResponseFormat,
    ToolFunction,
    left_out,
    read_chat,
    refuse_choices,
    refuse_logprobs,
)
from apps.serving.providers.chat.tools import functions, parameters, tool_choice

PROVIDER = "Bedrock"
_encode = msgspec.json.Encoder().encode
_KNOWN = frozenset(
    (
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "tools", "tool_choice",
        "response_format", "reasoning_effort", "thinking", "n", "logprobs", "top_logprobs",
    )
)  # fmt: skip


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out; UnsupportedRequest for what can't be done."""
    chat = read_chat(call)
    refuse_choices(chat, PROVIDER)
    refuse_logprobs(chat, PROVIDER)
    dropped = left_out(call, _KNOWN)
    system, turns = messages(chat.messages)
    if call.system_prompt is not None:
        system.insert(0, {"text": call.system_prompt})
    body: dict[str, Any] = {"messages": turns}
    if system:
        body["system"] = system
    if config := _inference(chat):
        body["inferenceConfig"] = config
    if output := _output(chat, dropped):
        body["outputConfig"] = output
    more = {name: value for name in ("top_k", "thinking") if (value := getattr(chat, name)) is not None}
    if more:
        body["additionalModelRequestFields"] = more
    if tools := _tools(chat):
        body["toolConfig"] = tools
    return _encode(body), tuple(dropped)


def _inference(chat: Chat) -> dict[str, Any]:
    found = {
        "maxTokens": chat.token_limit,
        "temperature": chat.temperature,
        "topP": chat.top_p,
        "stopSequences": chat.stops or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _output(chat: Chat, dropped: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    wanted = chat.response_format
    if wanted is not None and wanted.json_schema is not None:
        found["textFormat"] = _text_format(wanted)
    elif wanted is not None and wanted.type != "text":
        dropped.append("response_format")
    if chat.reasoning_effort is not None:
        found["effort"] = chat.reasoning_effort
    return found


def _text_format(wanted: ResponseFormat) -> dict[str, Any]:
    """Converse takes the schema as the text of a JSON object."""
    assert wanted.json_schema is not None  # noqa: S101  (the caller looked)
    named = wanted.json_schema
    schema = {"schema": bytes(named.schema).decode()}
    if named.name:
        schema["name"] = named.name
    if named.description:
        schema["description"] = named.description
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}


def _tools(chat: Chat) -> dict[str, Any] | None:
    choice = tool_choice(chat) if chat.tools else None
    if not chat.tools or choice == "none":
        _refuse_to_forbid(chat)
        return None
    tools: list[dict[str, Any]] = []
    for tool, function in functions(chat):
        tools.append({"toolSpec": _specification(function)})
        tools += cache_point(tool.cache_control)
    found: dict[str, Any] = {"tools": tools}
    if isinstance(choice, ToolFunction):
        found["toolChoice"] = {"tool": {"name": choice.name}}
    elif choice is not None:
        found["toolChoice"] = {{"auto": "auto", "required": "any"}[choice]: {}}
    return found


def _refuse_to_forbid(chat: Chat) -> None:
    """Converse can't forbid tools; they can only be left away, unless earlier turns speak of them."""
    if chat.tool_choice == "none" and any(message.tool_calls for message in chat.messages):
        text = 'tool_choice: Bedrock has no "none" for a conversation in which tools were called.'
        raise UnsupportedRequest(text, "tool_choice")


def _specification(function: ToolFunction) -> dict[str, Any]:
    found: dict[str, Any] = {"name": function.name, "inputSchema": {"json": parameters(function)}}
    if function.description:
        found["description"] = function.description
    if function.strict:
        found["strict"] = True
    return found
