"""What an answer says, before it is put into a dialect."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.gateway.lab.marker import Marker
from apps.gateway.lab.provider.reading import Asked
from apps.gateway.lab.texts import REASONING, REFUSAL, arguments_of, pieces_of

MODEL = "lab-1-2026-01"
CREATED = 1_770_000_000


class Frame(NamedTuple):
    """One server-sent event."""

    data: str
    event: str = ""


class ToolCall(NamedTuple):
    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """fresh input tokens cost the full price; cached ones were read from a prompt cache, written ones put there."""

    fresh: int = 20
    cached: int = 0
    written: int = 0
    output: int = 10

    @property
    def input(self) -> int:
        return self.fresh + self.cached + self.written


@dataclass(frozen=True)
class Content:
    """`usage` None: the provider doesn't say; pieces are empty where tools are called or an answer is refused."""

    id: str
    asked: dict[str, Any]
    marker: Marker
    pieces: list[str]
    tools: list[ToolCall]
    reasoning: tuple[str, ...]
    refusal: str
    usage: Usage | None

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def extra(self) -> bool:
        return "extra" in self.marker.options

    def wants(self, member: str) -> Any:
        return self.asked.get(member)

    @property
    def wants_usage(self) -> bool:
        options = self.asked.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))


def members_of(asked: Asked) -> dict[str, Any]:
    try:
        found = json.loads(asked.body) if asked.body else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def content_of(asked: Asked, marker: Marker, number: int) -> Content:
    """What the marker's options make of the good answer: words, tools, reasoning, refusal, usage, extra."""
    nonce = marker.nonce
    tools = [ToolCall(f"call_{nonce}_{at}", f"lab_tool_{at}", arguments_of(at)) for at in range(marker.number("tools"))]
    refusal = REFUSAL if "refusal" in marker.options else ""
    return Content(
        id=f"{nonce or 'none'}-{number}",
        asked=members_of(asked),
        marker=marker,
        pieces=[] if tools or refusal else pieces_of(nonce, marker.number("words")),
        tools=tools,
        reasoning=REASONING if "reasoning" in marker.options else (),
        refusal=refusal,
        usage=_usage(marker),
    )


def _usage(marker: Marker) -> Usage | None:
    if marker.text("usage") == "none":
        return None
    cached, written = marker.number("cached"), marker.number("written")
    return Usage(marker.number("fresh", 20), cached, written, marker.number("output", 10))


def dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
