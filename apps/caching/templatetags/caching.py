"""How shares and sizes of caches are written; `{% load caching %}`."""

from django import template
from django.template.defaultfilters import filesizeformat

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """Two digits that count below ten percent, whole percents above; "–" for None."""
    if share is None:
        return "–"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


@register.filter
def size(number: int | None) -> str:
    return "–" if number is None else str(filesizeformat(number)).replace("bytes", "B").replace("byte", "B")
