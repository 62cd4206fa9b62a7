"""Spans of one trace as a tree, laid out in the order in which a waterfall shows them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Step(Protocol):
    """What the layout needs to know of a span."""

    @property
    def span_id(self) -> str: ...
    @property
    def parent_id(self) -> str: ...
    @property
    def start_time(self) -> datetime: ...


S = TypeVar("S", bound=Step)


@dataclass(frozen=True)
class Placed(Generic[S]):
    span: S
    depth: int


def lay_out(spans: Sequence[S]) -> list[Placed[S]]:
    """Parents before children, siblings by start. A span whose parent is not there is a root; so is one of a ring."""
    known = {span.span_id for span in spans}
    children: dict[str, list[S]] = defaultdict(list)
    for span in sorted(spans, key=lambda each: each.start_time):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    placed: list[Placed[S]] = []
    seen: set[str] = set()
    _place(children[""], children, placed, seen)
    for span in spans:  # what only hangs on itself
        if span.span_id not in seen:
            _place([span], children, placed, seen)
    return placed


def _place(roots: list[S], children: dict[str, list[S]], placed: list[Placed[S]], seen: set[str]) -> None:
    waiting = [(span, 0) for span in reversed(roots)]
    while waiting:
        span, depth = waiting.pop()
        if span.span_id in seen:
            continue
        seen.add(span.span_id)
        placed.append(Placed(span, depth))
        waiting += [(child, depth + 1) for child in reversed(children[span.span_id])]
