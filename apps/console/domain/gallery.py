"""Invented data for the page that shows every component."""

from datetime import UTC, datetime, timedelta
from math import sin
from typing import Any

TREND = [3, 5, 4, 8, 7, 9, 12, 10, 14, 11, 15, 18]

STATS: list[dict[str, Any]] = [
    {"label": "Requests", "value": "12.3k", "delta": "+8 %", "note": "against yesterday", "trend": TREND},
    {"label": "Errors", "value": "0.42", "unit": "%", "delta": "+0.1", "tone": "bad", "note": "52 of 12.3k"},
    {"label": "Latency p95", "value": "840", "unit": "ms", "delta": "−12 %", "tone": "ok", "trend": TREND[::-1]},
    {"label": "First token p50", "value": "96", "unit": "ms", "trend": [5, 4, 5, 6, 5, 4, 4, 5]},
    {"label": "Cost", "value": "$3.18", "note": "$0.00026 a request", "trend": sorted(TREND)},
    {"label": "Thumbs up", "value": "91", "unit": "%", "note": "of 348 votes", "trend": [9, 8, 9, 9, 8, 9]},
]

CONVERSATION = [
    {"role": "system", "content": "You are the support desk of a marina-supply shop. Answer in two sentences."},
    {
        "role": "user",
        "content": "My bilge pump hums, no water. <script>alert('harmless')</script>",
        "name": "",
    },
    {"role": "tool", "name": "find_orders", "content": '{"order": 20417, "item": "bilge pump 12 V"}', "note": "3.1 ms"},
    {
        "role": "assistant",
        "content": "A humming pump usually has a blocked impeller. Switch it off, open the strainer and look for weed.",
        "note": "312 → 48 tokens",
    },
    {"role": "user", "content": "Here is what the manual says. " + "Turn the impeller by hand; it must move. " * 45},
]

SPANS: list[dict[str, Any]] = [
    {"name": "POST /v1/chat/completions", "kind": "server", "depth": 0, "start_us": 0, "duration_us": 842_000},
    {"name": "authorise", "kind": "policy", "depth": 1, "start_us": 400, "duration_us": 210},
    {"name": "input guardrail", "kind": "guardrail", "depth": 1, "start_us": 900, "duration_us": 38_000},
    {"name": "retrieve manuals", "kind": "retrieval", "depth": 1, "start_us": 41_000, "duration_us": 126_000},
    {"name": "embed query", "kind": "llm", "depth": 2, "start_us": 44_000, "duration_us": 31_000},
    {
        "name": "chat harbor-desk-tiny",
        "kind": "llm",
        "depth": 1,
        "start_us": 170_000,
        "duration_us": 655_000,
        "first_token_us": 190_000,
        "active": True,
    },
    {
        "name": "tool find_orders",
        "kind": "tool",
        "depth": 2,
        "start_us": 430_000,
        "duration_us": 90_000,
        "failed": True,
    },
]

JSON_SAMPLE = {
    "model": "harbor-desk-tiny",
    "messages": [{"role": "user", "content": '<b>escaped</b> & "quoted"'}],
    "temperature": 0.2,
    "stream": True,
    "stop": None,
    "metadata": {"boat": {"name": "Kittiwake", "length_m": 9.4}, "tags": []},
}

SNIPPETS = [
    {
        "label": "Python",
        "code": 'from openai import OpenAI\n\nclient = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="fw-…")\n'
        'answer = client.chat.completions.create(\n    model="support",\n'
        '    messages=[{"role": "user", "content": "Where is my order?"}],\n)\n'
        "print(answer.choices[0].message.content)",
    },
    {
        "label": "curl",
        "code": "curl http://127.0.0.1:8000/v1/chat/completions \\\n  -H 'Authorization: Bearer fw-…' \\\n"
        '  -d \'{"model": "support", "messages": [{"role": "user", "content": "Where is my order?"}]}\'',
    },
]

COLUMNS = ("input", "status", "us", "in", "out", "nano", "age")
ROWS = [
    ("Where is order 20417?", "ok", 412_000, 212, 38, 84_300, 9),
    ("The windlass trips its breaker", "ok", 655_100, 312, 48, 120_700, 75),
    ("Return a torn sail cover", "error", 30_004_000, 198, None, None, 640),
    ("Do you ship antifouling to islands?", "running", None, 201, None, None, 7_400),
    ("Which shackle for a 12 mm chain? " * 4, "cancelled", 88_000, 240, 3, 9_020, 200_000),
]

CHIPS = [{"label": "status", "value": "error", "url": "?"}, {"label": "route", "value": "support", "url": "?"}]
TABS = [
    {"label": "Preview", "url": "?tab=preview", "active": True},
    {"label": "Attributes", "url": "?tab=attributes", "count": 24},
    {"label": "Feedback", "url": "?tab=feedback", "count": 2},
]


def context(now: datetime) -> dict[str, Any]:
    """Everything that the page's templates name."""
    return {
        "now": now,
        "stats": STATS,
        "latency": latency_chart(),
        "outcomes": outcome_chart(),
        "chips": CHIPS,
        "rows": rows(now),
        "snippets": SNIPPETS,
        "spans": spans(),
        "tabs": TABS,
        "conversation": CONVERSATION,
        "sample": JSON_SAMPLE,
    }


def spans() -> list[dict[str, Any]]:
    return [{"first_token_us": None, "failed": False, "active": False, "url": "?", **span} for span in SPANS]


def rows(now: datetime) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    return [{**row, "at": now - timedelta(seconds=row["age"])} for row in named]


def latency_chart() -> dict[str, Any]:
    start = datetime(2026, 3, 12, tzinfo=UTC)
    hours = [(start + timedelta(hours=hour)).isoformat() for hour in range(48)]
    p50 = [round(310 + 60 * sin(hour / 4), 1) for hour in range(48)]
    p95 = [round(value * 1.9 + 40 * sin(hour), 1) for hour, value in enumerate(p50)]
    lines = [("p50", p50), ("p95", p95)]
    return {
        "figure": {
            "data": [{"type": "scatter", "mode": "lines", "name": n, "x": hours, "y": y} for n, y in lines],
            "layout": {"yaxis": {"ticksuffix": " ms"}},
        },
        "headers": ["Hour", "p50 (ms)", "p95 (ms)"],
        "rows": [list(row) for row in zip(hours, p50, p95, strict=True)],
    }


def outcome_chart() -> dict[str, Any]:
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    good, bad = [820, 932, 901, 934, 1290, 1330, 1320], [12, 9, 31, 14, 22, 8, 11]
    bars = [("answered", good, "var(--series-1)"), ("failed", bad, "var(--bad)")]
    return {
        "figure": {
            "data": [{"type": "bar", "name": n, "x": days, "y": y, "marker": {"color": c}} for n, y, c in bars],
            "layout": {"barmode": "stack"},
        },
        "headers": ["Day", "answered", "failed"],
        "rows": [list(row) for row in zip(days, good, bad, strict=True)],
    }
