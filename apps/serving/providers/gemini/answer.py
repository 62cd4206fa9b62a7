"""From Gemini's answer to a chat completion."""

from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.chat import counts
from apps.serving.providers.chat.completion import (
    assistant,
    choice,
    completion,
    new_call_id,
    new_id,
    tool_call,
    unreadable,
)
from apps.serving.providers.gemini.failures import in_answer
from apps.serving.providers.gemini.schema import Answer, Blob, Candidate, Logprobs, Part, Token, answer_decoder
from llmkit.usage import count

_LENGTH = "MAX_TOKENS"
_FILTERED = frozenset(
    (
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
    )
)  # fmt: skip


def translate(body: bytes, created: int, model: str) -> bytes:
    """The chat completion; ProviderError for an error inside the 200, a blocked prompt, and what can't be read."""
    try:
        answer = answer_decoder.decode(body)
        choices = [_choice(candidate) for candidate in answer.candidates]
    except UNREADABLE:
        raise unreadable(body) from None
    check(answer)
    if not choices:
        raise unreadable(body)
    return completion(
        response_id=answer.response_id or new_id(),
        created=created,
        model=answer.model_version or model,
        choices=choices,
        usage=usage(answer.usage_metadata) if answer.usage_metadata else None,
    )


def check(answer: Answer) -> None:
    """ProviderError for an answer that is none."""
    if answer.error:
        raise in_answer(answer.error)
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason and not answer.candidates:
        message = f"The provider blocked the prompt ({feedback.block_reason})."
        raise ProviderError(400, message, "invalid_request_error", "content_filter")


def finish_reason(reason: str, *, called: bool) -> str:
    """Gemini says STOP for tool calls too."""
    if reason == _LENGTH:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    return "tool_calls" if called else "stop"


def usage(counted: dict[str, Any]) -> dict[str, Any]:
    """promptTokenCount holds the cached tokens, candidatesTokenCount not the thoughts; tool use has its own."""
    thoughts = count(counted, "thoughtsTokenCount")
    prompt, candidates = _modalities(counted, "promptTokensDetails"), _modalities(counted, "candidatesTokensDetails")
    return counts.usage(
        count(counted, "promptTokenCount") + count(counted, "toolUsePromptTokenCount"),
        count(counted, "candidatesTokenCount") + thoughts,
        prompt_details={
            "cached_tokens": count(counted, "cachedContentTokenCount"),
            "audio_tokens": prompt.get("AUDIO", 0),
            "image_tokens": prompt.get("IMAGE", 0),
        },
        completion_details={"reasoning_tokens": thoughts, "audio_tokens": candidates.get("AUDIO", 0)},
        counted=counted,
    )


def logprobs(found: Logprobs) -> dict[str, Any]:
    """As OpenAI gives them, which has bytes beside each token."""
    tops = [[_token(token) for token in top.candidates] for top in found.top_candidates]
    content = []
    for position, chosen in enumerate(found.chosen_candidates):
        top = tops[position] if position < len(tops) else []
        content.append({**_token(chosen), "top_logprobs": top})
    return {"content": content, "refusal": None}


def image(blob: Blob) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{blob.mime_type};base64,{blob.data}"}}


def extra(part: Part) -> dict[str, Any] | None:
    """What has to come back with a tool call, where Google's own OpenAI door puts it."""
    return {"google": {"thought_signature": part.thought_signature}} if part.thought_signature else None


def _choice(candidate: Candidate) -> dict[str, Any]:
    parts = candidate.content.parts if candidate.content else []
    calls = [_call(part) for part in parts if part.function_call is not None]
    message = assistant(_text(parts, thought=False), _text(parts, thought=True), calls)
    if images := [image(part.inline_data) for part in parts if part.inline_data is not None]:
        message["images"] = images
    found = candidate.logprobs_result
    reason = finish_reason(candidate.finish_reason or "", called=bool(calls))
    return choice(message, reason, candidate.index, logprobs(found) if found else None)


def _call(part: Part) -> dict[str, Any]:
    call = part.function_call
    assert call is not None  # noqa: S101  (the caller chose the parts that have one)
    found = tool_call(call.id or new_call_id(), call.name, bytes(call.args).decode())
    if more := extra(part):
        found["extra_content"] = more
    return found


def _text(parts: list[Part], *, thought: bool) -> str:
    texts = (part.text for part in parts if part.has_text and part.thought is thought)
    return "".join(msgspec.json.decode(text, type=str) for text in texts)


def _token(token: Token) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.log_probability, "bytes": list(token.token.encode())}


def _modalities(counted: dict[str, Any], name: str) -> dict[str, int]:
    details = counted.get(name)
    if not isinstance(details, list):
        return {}
    return {str(entry.get("modality")): count(entry, "tokenCount") for entry in details if isinstance(entry, dict)}
