"""What a row may hold. The same for rows that people import and for those that other apps make."""

from typing import Any, Final
from uuid import UUID

from apps.datasets.domain.rows import SPLITS, Row

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
INSTRUCTIONS: Final = {"system", "developer"}
MEMBERS: Final = {"role", "content", "name", "tool_calls", "tool_call_id"}
MOST_MESSAGES: Final = 500
MOST_TAGS: Final = 50
LONGEST_TAG: Final = 200
KINDS: Final = ("import", "feedback", "annotation", "trace")
IDS: Final = ("item_id", "feedback_id")


class Wrong(ValueError):
    """`field` is written as in code: messages[0].role; "" for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_row(row: Row) -> None:
    """Wrong for a row that could not be stored, learned from or imported again."""
    check_messages(row.messages)
    check_tags(row.tags)
    check_source(row.source or {"kind": "import"})
    check_split(row.split)


def check_messages(messages: Any) -> list[dict[str, Any]]:
    if not isinstance(messages, list) or len(messages) < 2:
        raise Wrong("messages", "messages is a list of at least a question and its answer.")
    if len(messages) > MOST_MESSAGES:
        raise Wrong("messages", f"At most {MOST_MESSAGES} messages a row.")
    for place, message in enumerate(messages):
        _check_message(f"messages[{place}]", message)
    last = f"messages[{len(messages) - 1}]"
    if messages[-1]["role"] != "assistant":
        raise Wrong(f"{last}.role", "The last message is the answer: its role is assistant.")
    if not messages[-1]["content"].strip() and not messages[-1].get("tool_calls"):
        raise Wrong(f"{last}.content", "The last message is the answer: it may not be empty.")
    if all(message["role"] in INSTRUCTIONS for message in messages[:-1]):
        raise Wrong("messages", "messages has no question: one before the answer is of the user.")
    return messages


def check_tags(tags: Any) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) and 0 < len(tag) <= LONGEST_TAG for tag in tags):
        raise Wrong("tags", f"tags is a list of texts of 1 to {LONGEST_TAG} characters.")
    if len(tags) > MOST_TAGS:
        raise Wrong("tags", f"At most {MOST_TAGS} tags a row.")
    return tags


def check_split(split: Any) -> str:
    if split not in ("", *SPLITS):
        raise Wrong("split", f"split is one of {', '.join(SPLITS)}.")
    return str(split)


def check_source(source: Any) -> dict[str, Any]:
    """Lineage follows the ids in it, so they have to be ids."""
    if not isinstance(source, dict):
        raise Wrong("source", "source is an object.")
    known = {"kind", "annotators", *IDS}
    if unknown := sorted(source.keys() - known):
        raise Wrong(f"source.{unknown[0]}"[:100], f"source has {', '.join(sorted(known))} only.")
    if source.get("kind") not in KINDS:
        raise Wrong("source.kind", f"source.kind is one of {', '.join(KINDS)}.")
    for name in IDS:
        if source.get(name) is not None and not _is_id(source[name]):
            raise Wrong(f"source.{name}", f"source.{name} is a UUID.")
    annotators = source.get("annotators", [])
    if not isinstance(annotators, list) or not all(map(_is_id, annotators)):
        raise Wrong("source.annotators", "source.annotators is a list of UUIDs.")
    return source


def _check_message(place: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise Wrong(place, f"{place} is an object with role and content.")
    if unknown := sorted(message.keys() - MEMBERS):
        raise Wrong(f"{place}.{unknown[0]}"[:100], f"{place} has {', '.join(sorted(MEMBERS))} only.")
    if message.get("role") not in ROLES:
        raise Wrong(f"{place}.role", f"{place}.role is one of {', '.join(ROLES)}.")
    for name in ("content", "name", "tool_call_id"):
        if name in {"content", *message.keys()} and not isinstance(message.get(name), str):
            raise Wrong(f"{place}.{name}", f"{place}.{name} is a text.")
    for number, call in enumerate(_list(f"{place}.tool_calls", message.get("tool_calls", []))):
        _check_call(f"{place}.tool_calls[{number}]", call)


def _check_call(place: str, call: Any) -> None:
    """Texts only: they are the same after they were stored, which numbers need not be."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or function.keys() != {"name", "arguments"}:
        raise Wrong(place, f"{place}.function is an object with name and arguments.")
    for value in (*function.values(), *(value for name, value in call.items() if name != "function")):
        if not isinstance(value, str):
            raise Wrong(place, f"{place} holds texts only; arguments too are JSON in a text.")


def _list(place: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(place, f"{place} is a list.")
    return value


def _is_id(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True
