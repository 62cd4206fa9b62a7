"""From a chat-completions request to Gemini's generateContent."""

from typing import Any

import msgspec

from apps.serving.providers.base import ChatCall, UnsupportedRequest
from apps.serving.providers.chat.schema import ABSENT, Chat, ToolFunction, left_out, read_chat
from apps.serving.providers.chat.tools import functions, tool_choice
from apps.serving.providers.gemini.contents import contents

_encode = msgspec.json.Encoder().encode
# Members of the request and what generationConfig calls them.
_CONFIG = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "n": "candidateCount",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "token_limit": "maxOutputTokens",
}
_KNOWN = frozenset(_CONFIG) | {
    "max_tokens", "max_completion_tokens", "stop", "tools", "tool_choice", "response_format", "reasoning_effort",
    "thinking", "safety_settings",
}  # fmt: skip
# Gemini 2.5 takes a budget of tokens for what later models call a level; these are Google's own equivalents.
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def translate(call: ChatCall) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the members that had to be left out; UnsupportedRequest for what can't be done."""
    chat = read_chat(call)
    system, turns = contents(chat.messages)
    if call.system_prompt is not None:
        system.insert(0, {"text": call.system_prompt})
    body: dict[str, Any] = {"contents": turns}
    if system:
        body["systemInstruction"] = {"parts": system}
    if chat.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(function) for _, function in functions(chat)]}]
        _add_tool_choice(body, chat)
    if config := _config(chat, call.upstream_model):
        body["generationConfig"] = config
    if "safety_settings" in call.members:
        body["safetySettings"] = call.members["safety_settings"]
    return _encode(body), tuple(left_out(call, _KNOWN))


def _config(chat: Chat, model: str) -> dict[str, Any]:
    found = {theirs: value for ours, theirs in _CONFIG.items() if (value := getattr(chat, ours)) is not None}
    if not chat.logprobs:
        found.pop("logprobs", None)
    if chat.stops:
        found["stopSequences"] = chat.stops
    wanted = chat.response_format
    if wanted is not None and wanted.type != "text":
        found["responseMimeType"] = "application/json"
        if wanted.json_schema is not None:
            found["responseJsonSchema"] = wanted.json_schema.schema
    if thinking := _thinking(chat, model):
        found["thinkingConfig"] = thinking
    return found


def _thinking(chat: Chat, model: str) -> dict[str, Any] | None:
    """How much to think, in Anthropic's words or OpenAI's; the thoughts come back either way."""
    if isinstance(chat.thinking, dict):
        budget = chat.thinking.get("budget_tokens")
        if chat.thinking.get("type") == "disabled":
            return {"thinkingBudget": 0}
        return {"includeThoughts": True} | ({} if budget is None else {"thinkingBudget": budget})
    effort = chat.reasoning_effort
    if effort is None:
        return None
    if effort not in _BUDGETS:
        known = ", ".join(_BUDGETS)
        raise UnsupportedRequest(f"reasoning_effort: {effort!r} is not one of {known}.", "reasoning_effort")
    if "gemini-2" in model or effort == "none":
        return {"thinkingBudget": _BUDGETS[effort], "includeThoughts": effort != "none"}
    return {"thinkingLevel": effort, "includeThoughts": True}


def _declaration(function: ToolFunction) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": function.name}
    if function.description:
        declared["description"] = function.description
    if function.parameters != ABSENT:
        declared["parametersJsonSchema"] = function.parameters
    return declared


def _add_tool_choice(body: dict[str, Any], chat: Chat) -> None:
    choice = tool_choice(chat)
    if isinstance(choice, ToolFunction):
        config: dict[str, Any] = {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    elif choice is not None:
        config = {"mode": _MODES[choice]}
    else:
        return
    body["toolConfig"] = {"functionCallingConfig": config}
