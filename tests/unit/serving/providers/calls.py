"""Calls as the gateway makes them, and streams cut in pieces, for the tests of the adapters."""

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import strategies as st

from apps.serving.providers import Access, ChatCall, EmbeddingsCall, StreamTranslator, Usage, read_members
from llmkit import sse

NO_ACCESS = Access()


def call(body: bytes | dict[str, Any], **options: Any) -> ChatCall:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    known: dict[str, Any] = {"model": "m", "upstream_model": "m", **options}
    return ChatCall(members=read_members(raw), body=raw, **known)


def chat(*messages: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages) or [{"role": "user", "content": "hi"}], **members}


def embed(body: dict[str, Any], model: str = "m") -> EmbeddingsCall:
    raw = msgspec.json.encode({"model": "m", **body})
    return EmbeddingsCall(members=read_members(raw), body=raw, model="m", upstream_model=model)


def translated(translator: StreamTranslator, pieces: Iterable[bytes]) -> bytes:
    return b"".join([*(translator.feed(piece) for piece in pieces), translator.end()])


@st.composite
def cut(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    """The stream in pieces, cut anywhere."""
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8))), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(cuts)]


def events_of(stream: bytes) -> list[str]:
    return [event.text for event in sse.Parser().feed(stream)]


def chunks_of(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(text) for text in events_of(stream) if text != "[DONE]"]


def deltas_of(stream: bytes, choice: int = 0) -> list[dict[str, Any]]:
    found = [entry for chunk in chunks_of(stream) for entry in chunk.get("choices", ()) if entry["index"] == choice]
    return [entry["delta"] for entry in found]


def check_chunks(stream: bytes) -> None:
    """What holds of every stream that came to its end: one [DONE], stable heads, roles first, calls opened once."""
    events = events_of(stream)
    assert events.count("[DONE]") == 1
    assert events[-1] == "[DONE]"
    chunks = chunks_of(stream)
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["object"]) for chunk in chunks}) == 1
    for choice in {entry["index"] for chunk in chunks for entry in chunk["choices"]}:
        deltas = deltas_of(stream, choice)
        assert deltas[0]["role"] == "assistant"
        assert not any("role" in delta for delta in deltas[1:])
        calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
        opened = [call["index"] for call in calls if "id" in call]
        assert opened == list(range(len(opened)))
        assert all(("name" in call["function"]) == ("id" in call) for call in calls)
    reasons = [entry["finish_reason"] for chunk in chunks for entry in chunk["choices"] if entry["finish_reason"]]
    assert len(reasons) == len({entry["index"] for chunk in chunks for entry in chunk["choices"]})


def calls_of(stream: bytes, choice: int = 0) -> list[tuple[str, str, str]]:
    """id, name and arguments of the tool calls, put together as a client does."""
    found: dict[int, list[str]] = {}
    for delta in deltas_of(stream, choice):
        for call in delta.get("tool_calls", ()):
            entry = found.setdefault(call["index"], ["", "", ""])
            entry[0] += call.get("id", "")
            entry[1] += call["function"].get("name", "")
            entry[2] += call["function"]["arguments"]
    return [(call[0], call[1], call[2]) for _, call in sorted(found.items())]


def words_of(stream: bytes, member: str = "content", choice: int = 0) -> str:
    return "".join(delta.get(member) or "" for delta in deltas_of(stream, choice))


def numbers(usage: Usage | None) -> Usage:
    """The counts alone, without what the provider said of them."""
    assert usage is not None
    return msgspec.structs.replace(usage, raw={})
