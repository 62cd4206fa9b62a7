"""How differences are written on the spend pages; `{% load billing %}`."""

from django import template

register = template.Library()


@register.filter
def signed_percent(share: float | None) -> str:
    """`+1.2 %`; "–" where there is nothing to take it of."""
    if share is None:
        return "–"
    return f"{share:+.1%}".replace("%", " %") if abs(share) < 10 else f"{share:+.0%}".replace("%", " %")
