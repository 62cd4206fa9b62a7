"""What is asked in a canonical request."""

from typing import Any, Final, NamedTuple

# Beyond that a question is a document, and two documents that begin alike are not the same question.
LONGEST_QUESTION: Final = 2_000


class Question(NamedTuple):
    """`text`: what the user said last. `rest`: the whole request without it, which has to be the same for a hit."""

    text: str
    rest: dict[str, Any]


def last_said(canonical: dict[str, Any]) -> str:
    """The words of the user's last message, parts joined by lines; "" where there are none."""
    for turn in reversed(_turns(canonical)):
        if isinstance(turn, dict) and turn.get("role") == "user":
            return _words(turn.get("content"))
    return ""


def question_of(canonical: dict[str, Any]) -> Question | None:
    """None unless the request ends with a user's plain text of at most LONGEST_QUESTION characters."""
    turns = _turns(canonical)
    last = turns[-1] if turns else None
    if not isinstance(last, dict) or last.get("role") != "user":
        return None
    text = last.get("content")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_QUESTION or "\0" in text:
        return None
    return Question(text, {**canonical, "messages": [*turns[:-1], {**last, "content": ""}]})


def _turns(canonical: dict[str, Any]) -> list[Any]:
    turns = canonical.get("messages")
    return turns if isinstance(turns, list) else []


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
