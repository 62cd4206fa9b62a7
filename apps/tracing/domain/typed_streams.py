"""Streams whose events have types: those of the Messages and of the Responses API."""

from typing import Any


class TypedStream:
    """Fills `response` with what the events amount to, as far as they came."""

    def __init__(self, response: dict[str, Any]) -> None:
        self._response = response
        self._inputs: dict[int, str] = {}  # of tool calls in Messages: JSON that arrives in pieces

    def take(self, event: dict[str, Any]) -> bool:
        """Whether it was an event of such a stream."""
        kind = event.get("type")
        if not isinstance(kind, str) or "choices" in event:
            return False
        if kind.startswith("response."):
            self._of_responses(kind, event)
        elif kind == "error":
            self._response["error"] = event.get("error") or event.get("message")
        else:
            self._of_messages(kind, event)
        return True

    def _of_responses(self, kind: str, event: dict[str, Any]) -> None:
        if isinstance(whole := event.get("response"), dict):
            told = self._response.get("output")
            self._response.update(whole)
            self._response["output"] = whole.get("output") or told or []
        elif kind == "response.output_item.done":
            self._response.setdefault("output", []).append(event.get("item"))

    def _of_messages(self, kind: str, event: dict[str, Any]) -> None:
        if kind == "message_start" and isinstance(message := event.get("message"), dict):
            self._response.update(message)
        elif kind == "content_block_start" and isinstance(block := event.get("content_block"), dict):
            self._blocks.append(dict(block))
        elif kind == "content_block_delta" and isinstance(delta := event.get("delta"), dict):
            self._take_delta(delta)
        elif kind == "message_delta":
            self._take_end(event)

    @property
    def _blocks(self) -> list[Any]:
        blocks = self._response.setdefault("content", [])
        return blocks if isinstance(blocks, list) else []

    def _take_delta(self, delta: dict[str, Any]) -> None:
        """More of the newest block: only one is open at a time."""
        if not self._blocks:
            self._blocks.append({"type": "text"})
        block = self._blocks[-1]
        for name in ("text", "thinking", "signature"):
            if isinstance(piece := delta.get(name), str):
                block[name] = f"{block.get(name) or ''}{piece}"
        if isinstance(piece := delta.get("partial_json"), str):
            number = len(self._blocks)
            block["input"] = self._inputs[number] = self._inputs.get(number, "") + piece

    def _take_end(self, event: dict[str, Any]) -> None:
        if isinstance(delta := event.get("delta"), dict):
            self._response.update(delta)
        if isinstance(usage := event.get("usage"), dict):
            known = self._response.get("usage")
            self._response["usage"] = {**(known if isinstance(known, dict) else {}), **usage}
