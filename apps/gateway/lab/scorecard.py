"""The result of a run as plain data, and as a table for people."""

from collections.abc import Iterator, Sequence
from typing import Any

from apps.gateway.lab.runner import FAILED, NOT_APPLICABLE, PASSED, Verdict

MARKS = {PASSED: "ok", FAILED: "FAILED", NOT_APPLICABLE: "–"}


def result_of(verdicts: Sequence[Verdict], *, gateway: dict[str, Any]) -> dict[str, Any]:
    """`total` counts the cases that apply."""
    counts = {outcome: sum(verdict.outcome == outcome for verdict in verdicts) for outcome in MARKS}
    return {
        "passed": counts[PASSED],
        "failed": counts[FAILED],
        "not_applicable": counts[NOT_APPLICABLE],
        "total": counts[PASSED] + counts[FAILED],
        "cases": [_row(verdict) for verdict in verdicts],
        "gateway": gateway,
    }


def _row(verdict: Verdict) -> dict[str, Any]:
    case = verdict.case
    return {
        "id": case.id,
        "group": case.group,
        "requirement": case.requirement,
        "title": case.title,
        "peers": case.peers,
        "outcome": verdict.outcome,
        "seen": verdict.seen,
        "seconds": round(verdict.seconds, 3),
    }


def table_of(result: dict[str, Any]) -> Iterator[str]:
    """Group by group, with what was seen wherever a case did not pass."""
    group = ""
    for row in result["cases"]:
        if row["group"] != group:
            group = row["group"]
            yield f"\n{group}"
        yield f"  {MARKS[row['outcome']]:>6}  {row['requirement']:>2}  {row['id']:<34} {row['title']}"
        if row["seen"]:
            yield f"{'':12}{row['seen']}"
    yield f"\n{result['passed']} of {result['total']} passed; {result['not_applicable']} do not apply."
