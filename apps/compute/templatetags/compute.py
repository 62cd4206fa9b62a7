"""Words and figures of jobs and machines."""

from collections import Counter
from typing import Any

from django import template

from apps.compute.domain.causes import WORDS

register = template.Library()


@register.filter
def gigabytes(count: int) -> str:
    """`24 GB`, of 10^9 bytes."""
    return f"{count / 1e9:.0f} GB"


@register.filter
def figure(value: float) -> str:
    """Four digits that count: `0.01667`, `2e-05`."""
    return f"{value:.4g}"


@register.filter
def alike(devices: list[dict[str, Any]]) -> list[str]:
    """`["4 × NVIDIA L4, 24 GB each"]`: devices of the same kind in one line."""
    told = Counter(
        device["name"] if device["kind"] == "cpu" else f"{device['name']}, {gigabytes(device['memory_bytes'])}"
        for device in devices
    )
    return [text if count == 1 else f"{count} × {text} each" for text, count in told.items()]


@register.filter
def in_words(cause: str) -> str:
    """Why an attempt ended, from the word for it."""
    return WORDS.get(cause, cause)


@register.filter
def time_left(seconds: float | None) -> str:
    """`1 h 12 min left`, `40 s left`; "" when nobody knows."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"
