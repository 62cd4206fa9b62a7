"""What answers of each dialect say, read for the checks."""

from typing import Any

from apps.gateway.lab.checks import Failed, equal, expect, shortened
from apps.gateway.lab.client import Answer

Chunk = dict[str, Any]
OPENAI_MEMBERS = {"message", "type", "param", "code"}


def choices_of(answer: Answer) -> list[Chunk]:
    """All choices of all chunks of a chat or text completion."""
    found: list[Chunk] = []
    for chunk in answer.data:
        if "error" in chunk:
            raise Failed(f"an error in the stream: {shortened(str(chunk['error']))}")
        found += chunk.get("choices") or []
    return found


def deltas_of(answer: Answer, index: int = 0) -> list[Chunk]:
    return [choice.get("delta") or {} for choice in choices_of(answer) if choice.get("index", 0) == index]


def joined(answer: Answer, member: str = "content", index: int = 0) -> str:
    """The text of a chat stream, of one choice."""
    return "".join(delta.get(member) or "" for delta in deltas_of(answer, index))


def message_of(answer: Answer, index: int = 0) -> Chunk:
    """The message of a whole chat completion."""
    choices = answer.json.get("choices")
    if not isinstance(choices, list) or len(choices) <= index:
        raise Failed(f"no choice {index} in {shortened(answer.text)}")
    message = choices[index].get("message")
    return message if isinstance(message, dict) else {}


def whole_chat_stream(answer: Answer, words: str) -> None:
    """The text is complete, and [DONE] stands once, at the end."""
    equal(answer.status, 200, "the status")
    equal(joined(answer), words, "the streamed text")
    equal(answer.dones, 1, "the number of [DONE]s")
    expect(answer.events[-1].data == b"[DONE]", "[DONE] is not the last event")
    equal(answer.problem, "", "the end of the body")


def openai_error(answer: Answer, *statuses: int) -> Chunk:
    """An error in OpenAI's shape with one of these statuses (any from 400 on, when none is given)."""
    if statuses:
        expect(answer.status in statuses, f"{answer} instead of {' or '.join(map(str, statuses))}")
    expect(answer.status >= 400, f"a success instead of an error: {answer}")
    error = answer.json.get("error")
    if not isinstance(error, dict):
        raise Failed(f"an error without OpenAI's shape: {answer}")
    missing = OPENAI_MEMBERS - error.keys()
    expect(not missing, f"an error without {', '.join(sorted(missing))}: {answer}")
    expect(isinstance(error["message"], str) and error["message"], f"an error without a message: {answer}")
    return error


def anthropic_error(answer: Answer, *statuses: int) -> Chunk:
    expect(answer.status in statuses, f"{answer} instead of {' or '.join(map(str, statuses))}")
    expect(answer.json.get("type") == "error", f"an error without Anthropic's shape: {answer}")
    error = answer.json.get("error")
    if not isinstance(error, dict) or not {"type", "message"} <= error.keys():
        raise Failed(f"an error without Anthropic's shape: {answer}")
    return error


def ends_with_error(answer: Answer) -> None:
    """A chat or text stream that told of a failure after its first content."""
    equal(answer.status, 200, "the status of a stream that had begun")
    last = answer.data[-1] if answer.data else {}
    told = isinstance(last.get("error"), dict)
    if not told:
        how = answer.problem or "it just ends"
        raise Failed(f"the stream does not say that it failed ({how}); last event: {shortened(str(last))}")
    equal(answer.dones, 0, "the number of [DONE]s after an error")
