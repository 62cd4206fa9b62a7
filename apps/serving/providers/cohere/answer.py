"""From Cohere's answer to a chat completion."""

from collections.abc import Iterable
from typing import Any

from apps.serving.providers.base import UNREADABLE, ProviderError
from apps.serving.providers.chat import counts
from apps.serving.providers.chat.completion import assistant, choice, completion, tool_call, unreadable
from apps.serving.providers.cohere.schema import Logprob, Message, answer_decoder
from llmkit.usage import count

FINISH_REASONS = {"MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}
_FAILURES = {"ERROR": 502, "TIMEOUT": 504}


def translate(body: bytes, created: int, model: str) -> bytes:
    """The chat completion; ProviderError for an answer that ended in an error and for what can't be read."""
    try:
        answer = answer_decoder.decode(body)
    except UNREADABLE:
        raise unreadable(body) from None
    found = failure(answer.finish_reason, None)
    if found is not None:
        raise found
    probabilities = logprobs(answer.logprobs) if answer.logprobs else None
    return completion(
        response_id=answer.id,
        created=created,
        model=model,
        choices=[choice(_message(answer.message), finish_reason(answer.finish_reason), logprobs=probabilities)],
        usage=usage(answer.usage) if answer.usage else None,
    )


def finish_reason(reason: str) -> str:
    return FINISH_REASONS.get(reason, "stop")


def failure(reason: str, error: Any) -> ProviderError | None:
    """What a finish reason says went wrong."""
    status = _FAILURES.get(reason)
    if status is None:
        return None
    said = f": {error}" if isinstance(error, str) and error else "."
    kind = "timeout_error" if status == 504 else "api_error"
    return ProviderError(status, f"The provider broke off its answer ({reason}){said}"[:300], kind)


def usage(counted: dict[str, Any]) -> dict[str, Any]:
    """Cohere doesn't bill the tokens of its own preamble, which its models read too: what it bills is what counts."""
    billed = counted.get("billed_units") or counted.get("tokens")
    return counts.usage(
        count(billed, "input_tokens"), count(billed, "output_tokens"), prompt_details={}, counted=counted
    )


def logprobs(pieces: Iterable[Logprob]) -> dict[str, Any]:
    """As OpenAI gives them; the probability of a piece of several tokens is the product of theirs."""
    content = [
        {"token": piece.text, "logprob": sum(piece.logprobs), "bytes": list(piece.text.encode()), "top_logprobs": []}
        for piece in pieces
    ]
    return {"content": content, "refusal": None}


def _message(message: Message) -> dict[str, Any]:
    blocks = message.content or ()
    thoughts = [block.thinking for block in blocks if block.type == "thinking"]
    calls = [tool_call(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return assistant(
        "".join(block.text for block in blocks if block.type == "text"),
        "".join([*thoughts, message.tool_plan or ""]),
        calls,
    )
