"""OpenAI's older text completions."""

from typing import Any

from apps.gateway.lab.provider.dialects.chat import DONE, usage
from apps.gateway.lab.provider.dialects.content import CREATED, MODEL, Content, Frame, dumped


def body(content: Content) -> dict[str, Any]:
    whole = {**_head(content), "choices": [_choice(content.text, "stop")]}
    return whole if content.usage is None else {**whole, "usage": usage(content.usage)}


def frames(content: Content) -> list[Frame]:
    choices = [_choice(piece, None) for piece in content.pieces] + [_choice("", "stop")]
    chunks: list[dict[str, Any]] = [{**_head(content), "choices": [choice]} for choice in choices]
    if content.wants_usage and content.usage is not None:
        chunks.append({**_head(content), "choices": [], "usage": usage(content.usage)})
    return [*(Frame(dumped(chunk)) for chunk in chunks), DONE]


def _head(content: Content) -> dict[str, Any]:
    return {"id": f"cmpl-lab-{content.id}", "object": "text_completion", "created": CREATED, "model": MODEL}


def _choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "finish_reason": finish, "logprobs": None}
