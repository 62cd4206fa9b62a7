"""What was said: the messages of a request and of its response, whatever shape they have."""

import json
from dataclasses import dataclass, field
from typing import Any

MAX_WORDS = 40_000  # characters kept for search: beyond that a tsvector outgrows its megabyte


def laid_out(text: str) -> str:
    """JSON objects and lists with one value a line; everything else as it is."""
    stripped = text.strip()
    if stripped[:1] not in {"{", "["}:
        return text
    try:
        return json.dumps(json.loads(stripped), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


@dataclass(frozen=True)
class ToolCall:
    name: str
    arguments: str

    @property
    def pretty(self) -> str:
        return laid_out(self.arguments)


@dataclass(frozen=True)
class Message:
    """One turn. role: system, user, assistant, tool, developer, error or whatever the caller sent."""

    role: str
    text: str = ""
    name: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)

    @property
    def pretty(self) -> str:
        return laid_out(self.text)

    @property
    def words(self) -> str:
        calls = [f"{call.name} {call.arguments}" for call in self.tool_calls]
        return "\n".join(part for part in [self.text, *calls] if part)


def asked(request: Any) -> list[Message]:
    """The messages of a request body: chat, responses, completions or embeddings; [] for anything else."""
    if not isinstance(request, dict):
        return []
    messages = [_message("system", request[name]) for name in ("system", "instructions") if request.get(name)]
    for name in ("messages", "input", "prompt"):
        if value := request.get(name):
            return messages + _messages(value, "user")
    return messages


def answered(response: Any) -> list[Message]:
    """The messages of a response body; an error is a message of the role `error`."""
    if not isinstance(response, dict):
        return []
    if error := response.get("error"):
        detail = error.get("message") if isinstance(error, dict) else error
        return [*_choices(response), Message(role="error", text=_text(detail))]
    return _choices(response)


def latest_turn(messages: list[Message]) -> list[Message]:
    """What a request adds to the conversation that it repeats: the messages after the last answer."""
    answers = [place for place, message in enumerate(messages) if message.role == "assistant"]
    added = messages[answers[-1] + 1 :] if answers else messages
    return [message for message in added if message.role not in {"system", "developer"}]


def words_of(messages: list[Message]) -> str:
    return "\n".join(words for message in messages if (words := message.words))[:MAX_WORDS]


def last_words(messages: list[Message], role: str = "") -> str:
    """The words of the last message (of that role, if there is one), white space drawn together: for a preview."""
    of_role = [message for message in messages if message.role == role] or messages
    return " ".join(of_role[-1].words[:2000].split()) if of_role else ""


def _choices(response: dict[str, Any]) -> list[Message]:
    choices = response.get("choices")
    if isinstance(choices, list):
        return [
            _message("assistant", choice.get("message") or choice.get("text") or "")
            for choice in choices
            if isinstance(choice, dict)
        ]
    if value := response.get("output"):  # the responses API
        return _messages(value, "assistant")
    return [_message("assistant", response)] if response.get("content") else []  # the messages API


def _messages(value: Any, role: str) -> list[Message]:
    if isinstance(value, list):
        return [_message(role, item) for item in value]
    return [_message(role, value)]


def _message(role: str, value: Any) -> Message:
    if not isinstance(value, dict):
        return Message(role=role, text=_text(value))
    text = _text(value.get("content", value.get("text")))
    if not text and isinstance(value.get("refusal"), str):
        text = value["refusal"]
    return Message(
        role=str(value.get("role") or ("tool" if value.get("type") == "function_call_output" else role))[:40],
        text=text,
        name=str(value.get("name") or "")[:100],
        tool_calls=[_call(call) for call in _calls(value) if isinstance(call, dict)],
    )


def _calls(value: dict[str, Any]) -> list[Any]:
    """The tool calls of a message: its own in chat, blocks of its content in Messages, the item itself in Responses."""
    if isinstance(calls := value.get("tool_calls"), list):
        return calls
    if value.get("type") == "function_call":
        return [value]
    content = value.get("content")
    blocks = content if isinstance(content, list) else []
    return list(filter(_is_call, blocks))


def _is_call(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_use"


def _call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else call
    return ToolCall(name=str(function.get("name") or ""), arguments=_arguments(function))


def _arguments(function: dict[str, Any]) -> str:
    given = function.get("arguments", function.get("input"))
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _text(content: Any) -> str:
    """Content as words: texts as they are, parts joined, pictures and sounds by their kind in brackets."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, [_text(part) for part in content if not _is_call(part)]))
    if isinstance(content, dict):
        for name in ("text", "content", "output"):
            if name in content:
                return _text(content[name])
        return f"[{content.get('type') or 'object'}]"
    return json.dumps(content)
