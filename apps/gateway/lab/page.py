"""The scorecard as a page."""

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.services import open_project
from apps.gateway.lab.keeping import kept
from apps.gateway.lab.runner import FAILED, NOT_APPLICABLE, PASSED

COMMAND = "python manage.py gateway_lab --own"
# Outcome -> the words and the tone of its badge.
BADGES = {PASSED: ("passed", "ok"), FAILED: ("failed", "bad"), NOT_APPLICABLE: ("does not apply", "")}


@require_GET
def lab(request: HttpRequest, project_slug: str) -> HttpResponse:
    """The last run against this installation; the same for all of its projects."""
    open_project(request, project_slug)
    result = kept()
    shown = shown_of(result) if result else None
    return render(request, "gateway/lab/scorecard.html", {"result": result, "shown": shown, "command": COMMAND})


def shown_of(result: dict[str, Any]) -> dict[str, Any]:
    """A result as the template shows it: what failed first, then group by group."""
    rows = [{**row, "badge": BADGES.get(row["outcome"], (row["outcome"], ""))} for row in result["cases"]]
    groups = [_group(name, list(of_group)) for name, of_group in groupby(rows, key=lambda row: row["group"])]
    return {"failures": [row for row in rows if row["outcome"] == FAILED], "groups": groups}


def _group(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    passed = sum(row["outcome"] == PASSED for row in rows)
    applying = sum(row["outcome"] != NOT_APPLICABLE for row in rows)
    return {"name": name, "rows": rows, "passed": passed, "total": applying}
