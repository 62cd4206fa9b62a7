"""JSON as collapsible, escaped HTML. Everything that comes from the value passes through `html.escape`."""

import json
from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Any

OPEN_LEVELS = 2
DEEPEST = 40
MOST_ITEMS = 200
LONGEST_TEXT = 20_000


def render(value: Any) -> str:
    return "".join(node(value, "", 0))


def node(value: Any, key: str, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        yield from container([(f"{quoted(str(k))}: ", v) for k, v in value.items()], "{}", key, depth)
    elif isinstance(value, list | tuple):
        yield from container([("", item) for item in value], "[]", key, depth)
    else:
        yield f'<div class="json-leaf">{label(key)}{leaf(value)}</div>'


def container(items: list[tuple[str, Any]], brackets: str, key: str, depth: int) -> Iterator[str]:
    if not items or depth >= DEEPEST:
        inside = brackets if not items else f"{brackets[0]}…{brackets[1]}"
        yield f'<div class="json-leaf">{label(key)}{inside}</div>'
        return
    count = f"{len(items)} {'item' if len(items) == 1 else 'items'}"
    is_open = " open" if depth < OPEN_LEVELS else ""
    yield f"<details{is_open}><summary>{label(key)}{brackets[0]} "
    yield f'<span class="json-note">{count}</span> {brackets[1]}</summary><div>'
    for name, item in islice(items, MOST_ITEMS):
        yield from node(item, name, depth + 1)
    if len(items) > MOST_ITEMS:
        yield f'<div class="json-leaf json-note">… {len(items) - MOST_ITEMS} more</div>'
    yield "</div></details>"


def label(key: str) -> str:
    return f'<span class="json-key">{escape(key)}</span>' if key else ""


def leaf(value: Any) -> str:
    if isinstance(value, str):
        cut = "" if len(value) <= LONGEST_TEXT else f'<span class="json-note">… {len(value):,} characters</span>'
        return f'<span class="json-string">{escape(quoted(value[:LONGEST_TEXT]))}</span>{cut}'
    if isinstance(value, bool) or value is None:
        return f'<span class="json-word">{json.dumps(value)}</span>'
    if isinstance(value, int | float):
        return f'<span class="json-number">{escape(json.dumps(value))}</span>'
    return f'<span class="json-string">{escape(quoted(str(value)))}</span>'


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
