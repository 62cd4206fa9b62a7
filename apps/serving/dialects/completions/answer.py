"""From a chat completion to a legacy completion."""

import time
from typing import Any

import msgspec
from msgspec import Raw

from apps.serving.dialects.base import UnreadableAnswer
from apps.serving.dialects.chat.schema import Choice, Completion, Message, read_completion, string
from apps.serving.dialects.completions.logprobs import legacy_logprobs
from apps.serving.dialects.completions.request import prompt_length
from apps.serving.providers.base import Members
from apps.serving.providers.chat.completion import new_id

EMPTY = b'""'
_FINISH_REASONS = frozenset(("stop", "length", "content_filter"))


def translate(request: Members, body: bytes) -> bytes:
    """The completion; UnreadableAnswer for what is no chat completion."""
    completion = read_completion(body)
    if completion.choices is None:
        raise UnreadableAnswer("This chat completion has no choices.")
    start = prompt_length(request)
    answer = head(completion)
    answer["choices"] = [_choice(choice, start) for choice in completion.choices]
    if completion.usage is not None:
        answer["usage"] = completion.usage
    return msgspec.json.encode(answer)


def head(completion: Completion) -> dict[str, Any]:
    """What an answer and each of its chunks begin with. The id is the chat completion's, in this dialect's style."""
    token = (completion.id or new_id()).removeprefix("chatcmpl-").removeprefix("cmpl-")
    found: dict[str, Any] = {
        "id": f"cmpl-{token}",
        "object": "text_completion",
        "created": int(completion.created or time.time()),
        "model": completion.model or "",
    }
    if completion.system_fingerprint is not None:
        found["system_fingerprint"] = completion.system_fingerprint
    return found


def said(message: Message | None) -> bytes:
    """The text, or the refusal in its place, as a JSON string; b"" where there is neither."""
    return b"" if message is None else string(message.content) or string(message.refusal)


def finish_reason(reason: str | None) -> str | None:
    return reason if reason is None or reason in _FINISH_REASONS else "stop"


def _choice(choice: Choice, start: int) -> dict[str, Any]:
    found, _ = legacy_logprobs(choice.logprobs, start)
    return {
        "text": Raw(said(choice.message) or EMPTY),
        "index": choice.index,
        "logprobs": found,
        "finish_reason": finish_reason(choice.finish_reason) or "stop",
    }
