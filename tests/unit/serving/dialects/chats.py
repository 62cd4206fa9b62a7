"""Chat completions and their chunks as providers write them, and what the official clients make of the answers."""

import json
from itertools import pairwise
from typing import Any

import anthropic
import httpx2
import openai
from hypothesis import strategies as st

from apps.serving.dialects import DialectStream
from apps.serving.providers.base import Members, read_members
from llmkit import sse

CREATED = 1_770_000_000
USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 7,
    "total_tokens": 107,
    "prompt_tokens_details": {"cached_tokens": 90, "cache_creation_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


def members(**found: Any) -> Members:
    return read_members(json.dumps(found).encode())


def decoded(found: Members) -> dict[str, Any]:
    return {name: json.loads(bytes(value)) for name, value in found.items()}


def chunk(delta=None, finish=None, index=0, **more) -> bytes:
    """One chunk; without a delta it has no choices."""
    choice = {"index": index, "delta": delta, "finish_reason": finish, **more.pop("choice", {})}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": "m-1"}
    return json.dumps({**head, "choices": [] if delta is None else [choice], **more}).encode()


def call(index, call_id=None, name=None, arguments="") -> dict[str, Any]:
    """The delta of a tool call: the first one with an id and a name, or a fragment of the arguments."""
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    found = {"index": index, "function": function}
    return {"tool_calls": [found if call_id is None else {**found, "id": call_id, "type": "function"}]}


def completion(message, finish="stop", **more) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": finish,
        **more.pop("choice", {}),
    }
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": CREATED, "model": "m-1"}
    return json.dumps({**head, "choices": [choice], "usage": USAGE, **more}).encode()


def tool(call_id, name, arguments) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
COUNTED = chunk(usage=USAGE)
TALK = [ROLE, chunk({"content": 'Hé"llo'}), chunk({"content": " 漢🙂\n"}), chunk({}, "stop"), COUNTED]
TOOLS = [
    ROLE,
    chunk({"reasoning_content": "hm, "}),
    chunk({"reasoning_content": "well"}),
    chunk({"content": "Let me see."}),
    chunk(call(0, "t1", "find")),
    chunk(call(0, arguments='{"q": "a')),
    chunk(call(0, arguments='"}')),
    chunk(call(1, "t2", "now", "{}")),
    chunk({}, "tool_calls"),
    COUNTED,
]
MIXED_UP = [
    ROLE,
    chunk(call(0, "t1", "find")),
    chunk(call(0, arguments='{"q": ')),
    chunk(call(1, "t2", "now")),
    chunk(call(1, arguments='{"in": ')),
    chunk(call(0, arguments='"a"}')),
    chunk(call(1, arguments='"UTC"}')),
    chunk({}, "tool_calls"),
    COUNTED,
]
SAME_INDEX = [
    ROLE,
    chunk(call(0, "t1", "find", '{"q": ')),
    chunk(call(0, "t1", arguments="1}")),
    chunk(call(0, "t2", "now", '{"in":')),
    chunk(call(0, arguments=" 2}")),
    chunk({}, "tool_calls"),
    COUNTED,
]
REFUSED = [ROLE, chunk({"refusal": "I can't "}), chunk({"refusal": "do that."}), chunk({}, "stop"), COUNTED]
SIGNED = [
    ROLE,
    chunk({"reasoning_content": "hm"}),
    chunk({"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "sig"}]}),
    chunk({"thinking_blocks": [{"type": "redacted_thinking", "data": "dark"}]}),
    chunk({"content": "Yes."}),
    chunk({}, "stop"),
    COUNTED,
]
STREAMS = {
    "talk": TALK,
    "tools": TOOLS,
    "mixed up": MIXED_UP,
    "same index": SAME_INDEX,
    "refused": REFUSED,
    "signed": SIGNED,
}


def streamed(stream: DialectStream, chunks: list[bytes]) -> bytes:
    return stream.feed(chunks) + stream.end()


@st.composite
def grouped(draw: st.DrawFn, chunks: list[bytes]) -> list[list[bytes]]:
    """The chunks in groups of any size, none included."""
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(chunks)), max_size=8))), len(chunks)]
    return [chunks[start:stop] for start, stop in pairwise(cuts)]


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """The data of the events, [DONE] left out; each has the type that its event line says."""
    found = []
    for event in sse.Parser().feed(stream):
        if event.data != b"[DONE]":
            data = json.loads(event.data)
            assert event.event in ("", data.get("type"))
            found.append(data)
    return found


def _answering(body: bytes, status: int = 200) -> httpx2.Client:
    kind = "application/json" if body.startswith(b"{") else "text/event-stream"
    answer = httpx2.Response(status, headers={"content-type": kind}, content=body)
    return httpx2.Client(transport=httpx2.MockTransport(lambda request: answer))


def anthropic_client(body: bytes, status: int = 200) -> anthropic.Anthropic:
    """Anthropic's own client, which gets these bytes whatever it asks."""
    return anthropic.Anthropic(api_key="k", max_retries=0, http_client=_answering(body, status))


def openai_client(body: bytes, status: int = 200) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", max_retries=0, http_client=_answering(body, status))
