"""From a chat-completions request to Cohere's chat (v2)."""

from typing import Any

import msgspec

from apps.serving.providers.base import ChatCall, UnsupportedRequest
from apps.serving.providers.chat.parts import Media, Text, read_content, unsupported_part
from apps.serving.providers.chat.schema import Chat, Message, ToolFunction, left_out, read_chat, refuse_choices
from apps.serving.providers.chat.tools import arguments, functions, parameters, tool_choice
from apps.serving.providers.chat.turns import SYSTEM_ROLES, placed

_encode = msgspec.json.Encoder().encode
_RENAMED = {
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "token_limit": "max_tokens",
}
_OWN = ("documents", "citation_options", "safety_mode")  # Cohere's own members, which go through
_KNOWN = frozenset((*_RENAMED, *_OWN)) | {
    "max_tokens", "max_completion_tokens", "stop", "tools", "tool_choice", "response_format", "reasoning_effort",
    "thinking", "n", "logprobs", "top_logprobs",
}  # fmt: skip


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out; UnsupportedRequest for what can't be done."""
    chat = read_chat(call)
    refuse_choices(chat, "Cohere")
    if chat.logprobs and chat.top_logprobs:
        raise UnsupportedRequest("top_logprobs: Cohere gives the chosen tokens only.", "top_logprobs")
    messages = [_message(message, where) for message, where in placed(chat.messages)]
    if call.system_prompt is not None:
        messages.insert(0, {"role": "system", "content": call.system_prompt})
    body: dict[str, Any] = {"model": call.upstream_model, "messages": messages, "stream": call.stream}
    body |= {theirs: value for ours, theirs in _RENAMED.items() if (value := getattr(chat, ours)) is not None}
    body |= {name: call.members[name] for name in _OWN if name in call.members}
    _add_options(body, chat)
    _add_tools(body, chat)
    return _encode(body), tuple(left_out(call, _KNOWN))


def _message(message: Message, where: str) -> dict[str, Any]:
    role = "system" if message.role in SYSTEM_ROLES else message.role
    found: dict[str, Any] = {"role": role}
    if content := _content(message, where):
        found["content"] = content
    elif role != "assistant":
        found["content"] = ""
    if role == "tool":
        found["tool_call_id"] = message.tool_call_id
    if role == "assistant" and message.tool_calls:
        found["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": bytes(arguments(call, where)).decode()},
            }
            for call in message.tool_calls
        ]
    return found


def _content(message: Message, where: str) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return message.content
    found: list[dict[str, Any]] = []
    for part in read_content(message, where):
        if isinstance(part, Text):
            found.append({"type": "text", "text": part.text})
        elif part.kind == "image":
            found.append({"type": "image_url", "image_url": {"url": _url(part)}})
        else:
            raise unsupported_part(where, "audio" if part.kind == "audio" else "files", "Cohere")
    return found


def _url(media: Media) -> str:
    return media.url or f"data:{media.media_type};base64,{media.data}"


def _add_options(body: dict[str, Any], chat: Chat) -> None:
    if chat.stops:
        body["stop_sequences"] = chat.stops
    if chat.logprobs:
        body["logprobs"] = True
    if isinstance(chat.thinking, dict):
        budget = chat.thinking.get("budget_tokens")
        body["thinking"] = {"type": chat.thinking.get("type")} | ({} if budget is None else {"token_budget": budget})
    elif chat.reasoning_effort is not None:
        body["thinking"] = {"type": "disabled" if chat.reasoning_effort == "none" else "enabled"}
    wanted = chat.response_format
    if wanted is not None and wanted.type != "text":
        body["response_format"] = {"type": "json_object"}
        if wanted.json_schema is not None:
            body["response_format"]["json_schema"] = wanted.json_schema.schema


def _add_tools(body: dict[str, Any], chat: Chat) -> None:
    """Cohere can demand a tool, but not say which: that one is then the only one it is shown."""
    if not chat.tools:
        return
    choice = tool_choice(chat)
    shown = [function for _, function in functions(chat)]
    if isinstance(choice, ToolFunction):
        shown = [function for function in shown if function.name == choice.name]
        if not shown:
            raise UnsupportedRequest(f"tool_choice: there is no tool {choice.name!r}.", "tool_choice")
    if isinstance(choice, ToolFunction) or choice == "required":
        body["tool_choice"] = "REQUIRED"
    elif choice == "none":
        body["tool_choice"] = "NONE"
    if any(function.strict for function in shown):
        body["strict_tools"] = True
    body["tools"] = [{"type": "function", "function": _function(function)} for function in shown]


def _function(function: ToolFunction) -> dict[str, Any]:
    found: dict[str, Any] = {"name": function.name, "parameters": parameters(function)}
    if function.description:
        found["description"] = function.description
    return found
