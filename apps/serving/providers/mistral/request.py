"""From a chat-completions request to Mistral's, which looks like it and refuses every member that it doesn't know."""

import re
import string
from hashlib import sha256
from typing import Any

import msgspec

from apps.serving.providers.base import ChatCall, Members
from apps.serving.providers.chat.parts import Media, Part, Text, read_content
from apps.serving.providers.chat.schema import Message, Tool, ToolCall, ToolFunction, read_chat, refuse_logprobs
from apps.serving.providers.chat.tools import arguments, functions, parameters
from apps.serving.providers.chat.turns import SYSTEM_ROLES, placed

_encode = msgspec.json.Encoder().encode
_RENAMED = {"seed": "random_seed", "max_completion_tokens": "max_tokens"}
_REBUILT = frozenset(("model", "messages", "tools"))
_SILENT = frozenset(("stream_options", "logprobs", "top_logprobs"))  # usage comes unasked, the others are refused
# Members of OpenAI's that Mistral refuses; unknown ones go through and are its own to judge.
_OPENAI_ONLY = frozenset(
    (
        "user", "store", "logit_bias", "service_tier", "verbosity", "safety_identifier", "modalities", "audio",
        "web_search_options", "prompt_cache_retention", "top_k", "thinking",
    )
)  # fmt: skip
_ID = re.compile(r"[a-zA-Z0-9]{9}")
_LETTERS = string.ascii_letters + string.digits


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out; UnsupportedRequest for what can't be done."""
    chat = read_chat(call)
    refuse_logprobs(chat, "Mistral")
    messages = [_message(message, where) for message, where in placed(chat.messages)]
    if call.system_prompt is not None:
        messages.insert(0, {"role": "system", "content": call.system_prompt})
    body: dict[str, Any] = {"model": call.upstream_model, "messages": messages, **_kept(call.members)}
    if chat.tools:
        body["tools"] = [_tool(tool, function) for tool, function in functions(chat)]
    return _encode(body), tuple(name for name in call.members if name in _OPENAI_ONLY)


def call_id(given: str) -> str:
    """Mistral takes ids of nine letters and digits only; another provider's becomes such a one, always the same."""
    if _ID.fullmatch(given):
        return given
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in sha256(given.encode()).digest()[:9])


def _kept(members: Members) -> Members:
    left = _REBUILT | _SILENT | _OPENAI_ONLY
    return {_RENAMED.get(name, name): value for name, value in members.items() if name not in left}


def _message(message: Message, where: str) -> dict[str, Any]:
    role = "system" if message.role in SYSTEM_ROLES else message.role
    found: dict[str, Any] = {"role": role, "content": _content(message, where)}
    if role == "tool":
        found["tool_call_id"] = call_id(message.tool_call_id)
    if role == "assistant" and message.tool_calls:
        found["tool_calls"] = [_call(call, where) for call in message.tool_calls]
    return found


def _content(message: Message, where: str) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return message.content
    return [_part(part) for part in read_content(message, where)] or ""


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.kind == "audio":
        return {"type": "input_audio", "input_audio": part.data}
    kind = "image_url" if part.kind == "image" else "document_url"
    return {"type": kind, kind: _url(part)}


def _url(media: Media) -> str:
    return media.url or f"data:{media.media_type};base64,{media.data}"


def _call(call: ToolCall, where: str) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": bytes(arguments(call, where)).decode()}
    return {"id": call_id(call.id), "type": "function", "function": function}


def _tool(tool: Tool, function: ToolFunction) -> dict[str, Any]:
    found: dict[str, Any] = {"name": function.name, "parameters": parameters(function)}
    if function.description:
        found["description"] = function.description
    if function.strict is not None:
        found["strict"] = function.strict
    return {"type": tool.type, "function": found}
