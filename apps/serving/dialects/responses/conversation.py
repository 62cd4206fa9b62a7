"""Instructions and items as the messages of a chat request."""

from typing import Any

from apps.serving.dialects.base import Invalid
from apps.serving.dialects.chat.turns import Part, Turns, content, text_part
from apps.serving.dialects.responses.content import parts
from apps.serving.dialects.responses.reasoning import unsealed
from apps.serving.dialects.responses.schema import Item

_SYSTEM_ROLES = ("system", "developer")


def conversation(instructions: str | None, before: list[Item], now: list[Item]) -> list[dict[str, Any]]:
    """`before`: the stored items. Invalid naming the item of the request that can't be translated."""
    builder = _Builder()
    if instructions:
        builder.turns.add({"role": "system", "content": instructions})
    for position, item in enumerate(before):
        builder.add(item, f"previous_response_id: item {position}")
    for position, item in enumerate(now):
        builder.add(item, f"input[{position}]")
    return builder.messages()


class _Builder:
    """Reasoning, text and tool calls that follow one another are one message of the assistant."""

    def __init__(self) -> None:
        self.turns = Turns()
        self._said: list[Part] = []
        self._calls: list[dict[str, Any]] = []
        self._reasoning = ""
        self._thoughts: list[dict[str, Any]] = []

    def messages(self) -> list[dict[str, Any]]:
        self._end_turn()
        return self.turns.messages()

    def add(self, item: Item, where: str) -> None:
        kind = item.type or "message"
        if kind == "message":
            self._message(item, where)
        elif kind == "function_call":
            function = {"name": _named(item.name, f"{where}.name"), "arguments": item.arguments}
            call_id = _named(item.call_id, f"{where}.call_id")
            self._calls.append({"id": call_id, "type": "function", "function": function})
        elif kind == "function_call_output":
            self._end_turn()
            self.turns.result(_named(item.call_id, f"{where}.call_id"), parts(item.output, f"{where}.output"))
        elif kind == "reasoning":
            self._think(item)
        elif kind == "item_reference":
            raise Invalid(f"{where}: references to items are not supported; send the item itself.", where)
        else:
            raise Invalid(f"{where}: items of the type {kind[:100]!r} are not supported.", f"{where}.type")

    def _message(self, item: Item, where: str) -> None:
        said = parts(item.content, f"{where}.content")
        if item.role == "assistant":
            if self._said and not self._calls:
                self._end_turn()
            self._said += said or [text_part("")]
            return
        self._end_turn()
        if item.role == "user":
            self.turns.user(said or [text_part("")])
        elif item.role in _SYSTEM_ROLES:
            # Not every provider knows the younger name, and none makes a difference.
            self.turns.add({"role": "system", "content": content(said)})
        else:
            role = f"{where}.role"
            raise Invalid(f"{role}: it has to be one of user, assistant, system, developer.", role)

    def _think(self, item: Item) -> None:
        """Signed reasoning of ours comes back as it was; what another platform sealed can't be read here."""
        if thoughts := unsealed(item.encrypted_content):
            self._thoughts += thoughts
            return
        told = item.summary or (item.content if isinstance(item.content, list) else ())
        self._reasoning += "".join(part.text for part in told)

    def _end_turn(self) -> None:
        """Reasoning that nothing came of is left out."""
        if self._said or self._calls:
            message: dict[str, Any] = {"role": "assistant", "content": content(self._said) if self._said else None}
            if self._reasoning:
                message["reasoning_content"] = self._reasoning
            if self._thoughts:
                message["thinking_blocks"] = self._thoughts
            if self._calls:
                message["tool_calls"] = self._calls
            self.turns.add(message)
        self._said, self._calls, self._reasoning, self._thoughts = [], [], "", []


def _named(value: str | None, where: str) -> str:
    if not value:
        raise Invalid(f"{where}: this member is required.", where)
    return value
