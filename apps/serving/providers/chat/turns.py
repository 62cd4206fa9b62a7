"""The order of a conversation: what stands at the top, and who speaks when."""

from collections.abc import Iterable, Iterator
from typing import Any

from apps.serving.providers.base import UnsupportedRequest
from apps.serving.providers.chat.schema import Message

Block = dict[str, Any]
SYSTEM_ROLES = frozenset(("system", "developer"))
_ROLES = SYSTEM_ROLES | {"user", "assistant", "tool"}


def placed(messages: list[Message]) -> Iterator[tuple[Message, str]]:
    """Each message with the name of its place; UnsupportedRequest for a role that nobody has."""
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        if message.role not in _ROLES:
            raise UnsupportedRequest(f"{where}.role: {message.role!r} is not supported.", f"{where}.role")
        yield message, where


def merged(turns: Iterable[tuple[str, list[Block]]], content: str = "content") -> list[Block]:
    """Turns of one role in a row as one, empty ones left out; `content` is the member that holds the blocks."""
    found: list[Block] = []
    for role, blocks in turns:
        if found and found[-1]["role"] == role:
            found[-1][content] += blocks
        elif blocks:
            found.append({"role": role, content: blocks})
    return found
