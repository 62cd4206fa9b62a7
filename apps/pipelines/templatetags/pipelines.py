"""Words and figures of the wheel's pages."""

from typing import Any

from django import template

from apps.pipelines.domain.gate import Gate, in_words, percent, points

register = template.Library()

KINDS = {
    "annotation": "corrected by annotators",
    "feedback": "praised by users",
    "import": "imported",
    "trace": "taken from traces",
}


@register.filter
def share(value: float | None) -> str:
    return "–" if value is None else percent(value)


@register.filter
def gain(decision: dict[str, Any]) -> str:
    """How many points more often the candidate was right."""
    return points(decision["accuracy_after"] - decision["accuracy_before"])


@register.filter
def interval(decision: dict[str, Any]) -> str:
    low, high = decision["interval"]
    return f"95 % interval {points(low)} to {points(high)}"


@register.filter
def rules(stored: dict[str, Any]) -> list[str]:
    return in_words(Gate.of(stored))


@register.filter
def kind_in_words(kind: str) -> str:
    return KINDS.get(kind, kind)
