"""Words and figures of jobs and machines."""

from django import template

register = template.Library()


@register.filter
def gigabytes(count: int) -> str:
    """`24 GB`, of 10^9 bytes."""
    return f"{count / 1e9:.0f} GB"


@register.filter
def time_left(seconds: float | None) -> str:
    """`1 h 12 min left`, `40 s left`; "" when nobody knows."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"
