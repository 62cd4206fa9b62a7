"""A streamed answer put together: the SSE text of its events as the one response they amount to."""

from typing import Any

import msgspec

from apps.tracing.domain.sanitise import loads
from apps.tracing.domain.typed_streams import TypedStream
from llmkit import sse

# Fields of a choice's delta that arrive in pieces; other texts (role, ids) come whole.
_PIECES = {"content", "reasoning_content", "reasoning", "refusal", "arguments"}
_NO_LIMIT = 1 << 40


def assemble(stream: str) -> dict[str, Any]:
    """A response in the dialect of its events; for chat with `choices[].message`, `finish_reason` and `usage`.

    A stream that broke off gives what came until then, with a null finish_reason; an error event becomes `error`.
    Events that are no JSON objects are kept under `unparsed`.
    """
    response: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    typed = TypedStream(response)
    for data in _events(stream):
        chunk = _decode(data)
        if not isinstance(chunk, dict):
            response.setdefault("unparsed", []).append(data.decode("utf-8", "replace"))
            continue
        if not typed.take(chunk):
            _take_chunk(response, choices, chunk)
    if choices:
        response["choices"] = [choices[index] for index in sorted(choices)]
    return response


def _events(stream: str) -> list[bytes]:
    parser = sse.Parser(limit=_NO_LIMIT)
    events = parser.feed(stream.encode("utf-8", "replace")) + parser.end()
    return [event.data for event in events if event.data.strip() not in {b"", b"[DONE]"}]


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        pass
    try:
        return loads(data)
    except (ValueError, RecursionError):
        return None


def _take_chunk(response: dict[str, Any], choices: dict[int, dict[str, Any]], chunk: dict[str, Any]) -> None:
    response.update({name: value for name, value in chunk.items() if name != "choices" and value is not None})
    if isinstance(kind := response.get("object"), str):
        response["object"] = kind.removesuffix(".chunk")
    parts = chunk.get("choices")
    for position, part in enumerate(parts if isinstance(parts, list) else []):
        if isinstance(part, dict):
            index = part.get("index")
            _take_choice(choices, index if isinstance(index, int) else position, part)


def _take_choice(choices: dict[int, dict[str, Any]], index: int, part: dict[str, Any]) -> None:
    choice = choices.setdefault(index, {"index": index, "finish_reason": None})
    if isinstance(delta := part.get("delta"), dict):
        _take_delta(choice.setdefault("message", {"role": "assistant", "content": None}), delta)
    if isinstance(text := part.get("text"), str):  # the older completions API
        choice["text"] = choice.get("text", "") + text
    if part.get("finish_reason") is not None:
        choice["finish_reason"] = part["finish_reason"]


def _take_delta(target: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if value is None:
            continue
        if name == "tool_calls" and isinstance(value, list):
            _take_tool_calls(target.setdefault("tool_calls", []), value)
        elif isinstance(value, dict) and isinstance(target.get(name, {}), dict):
            _take_delta(target.setdefault(name, {}), value)
        elif name in _PIECES and isinstance(value, str) and isinstance(target.get(name) or "", str):
            target[name] = (target.get(name) or "") + value
        else:
            target[name] = value


def _take_tool_calls(calls: list[dict[str, Any]], pieces: list[Any]) -> None:
    by_index = {call["index"]: call for call in calls}
    for position, piece in enumerate(pieces):
        if not isinstance(piece, dict):
            continue
        index = piece.get("index")
        index = index if isinstance(index, int) else position
        if index not in by_index:
            by_index[index] = {"index": index}
            calls.append(by_index[index])
        _take_delta(by_index[index], piece)
