"""OpenAI's chat completions, whole and in chunks."""

from typing import Any

from apps.gateway.lab.provider.dialects.content import CREATED, MODEL, Content, Frame, ToolCall, Usage, dumped
from apps.gateway.lab.texts import UNKNOWN, cut

DONE = Frame("[DONE]")
MOST_CHOICES = 8


def body(content: Content) -> dict[str, Any]:
    answers = [_choice(content, index) for index in range(_how_many(content))]
    whole = {**_head(content, "chat.completion"), "choices": answers}
    if content.usage is not None:
        whole["usage"] = usage(content.usage)
    return whole | (UNKNOWN if content.extra else {})


def frames(content: Content) -> list[Frame]:
    choices = range(_how_many(content))
    opener: dict[str, Any] = {"role": "assistant", "content": ""}
    deltas: list[tuple[int, dict[str, Any], str | None]] = [(index, opener, None) for index in choices]
    for delta in _deltas(content):
        deltas += [(index, delta, None) for index in choices]
    deltas += [(index, {}, _finish(content)) for index in choices]
    chunks = [_chunk(content, index, delta, end) for index, delta, end in deltas]
    if content.wants_usage and content.usage is not None:
        chunks.append(_usage_chunk(content, content.usage))
    return [*(Frame(dumped(chunk)) for chunk in chunks), DONE]


def usage(counted: Usage) -> dict[str, Any]:
    """OpenAI's way of counting: cached tokens are part of the prompt's."""
    return {
        "prompt_tokens": counted.input,
        "completion_tokens": counted.output,
        "total_tokens": counted.input + counted.output,
        "prompt_tokens_details": {"cached_tokens": counted.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _head(content: Content, kind: str) -> dict[str, Any]:
    head = {"id": f"chatcmpl-lab-{content.id}", "object": kind, "created": CREATED, "model": MODEL}
    return head | {"system_fingerprint": "fp_lab"}


def _choice(content: Content, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content.text or None}
    message["refusal"] = content.refusal or None
    if content.tools:
        message["tool_calls"] = [_tool(call) for call in content.tools]
    if content.reasoning:
        message["reasoning_content"] = "".join(content.reasoning)
    if content.extra:
        message |= UNKNOWN
    choice = {"index": index, "message": message, "finish_reason": _finish(content)}
    return choice | {"logprobs": _logprobs(content.pieces) if content.wants("logprobs") else None}


def _how_many(content: Content) -> int:
    asked = content.wants("n")
    return asked if isinstance(asked, int) and 1 <= asked <= MOST_CHOICES else 1


def _finish(content: Content) -> str:
    return "tool_calls" if content.tools else "stop"


def _tool(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _deltas(content: Content) -> list[dict[str, Any]]:
    """Between the role and the end, for one choice."""
    deltas: list[dict[str, Any]] = [{"reasoning_content": piece} for piece in content.reasoning]
    deltas += [{"content": piece} for piece in content.pieces]
    deltas += [{"refusal": piece} for piece in cut(content.refusal)]
    deltas += _tool_deltas(content)
    return [{**delta, **UNKNOWN} for delta in deltas] if content.extra else deltas


def _tool_deltas(content: Content) -> list[dict[str, Any]]:
    """All calls at the same time, a fragment of each in turn; `index` says how the calls are (mis)numbered."""
    rounds: list[list[dict[str, Any]]] = []
    for number, call in enumerate(content.tools):
        opener = _tool(call) | {"function": {"name": call.name, "arguments": ""}}
        fragments = [{"function": {"arguments": piece}} for piece in cut(call.arguments)]
        rounds.append([_indexed(content, number, part) for part in (opener, *fragments)])
    if content.marker.text("order") == "serial":
        return [{"tool_calls": [part]} for parts in rounds for part in parts]
    turns = zip(*rounds, strict=True)
    return [{"tool_calls": [part]} for turn in turns for part in turn]


def _indexed(content: Content, number: int, part: dict[str, Any]) -> dict[str, Any]:
    how = content.marker.text("index", "right")
    if how == "missing":
        return part
    return {"index": 0 if how == "zero" else number, **part}


def _chunk(content: Content, index: int, delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": index, "delta": delta, "finish_reason": finish}
    if content.wants("logprobs"):
        choice["logprobs"] = _logprobs([delta["content"]]) if delta.get("content") else None
    chunk = {**_head(content, "chat.completion.chunk"), "choices": [choice]}
    if content.wants_usage:
        chunk["usage"] = None
    return chunk | (UNKNOWN if content.extra else {})


def _usage_chunk(content: Content, counted: Usage) -> dict[str, Any]:
    return {**_head(content, "chat.completion.chunk"), "choices": [], "usage": usage(counted)}


def _logprobs(pieces: list[str]) -> dict[str, Any]:
    return {"content": [_logprob(piece) for piece in pieces], "refusal": None}


def _logprob(piece: str) -> dict[str, Any]:
    one = {"token": piece, "logprob": -0.25, "bytes": list(piece.encode())}
    return {**one, "top_logprobs": [one]}
