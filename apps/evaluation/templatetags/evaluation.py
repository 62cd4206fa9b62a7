"""How shares, differences and times of an evaluation are written; `{% load evaluation %}`."""

from django import template

from apps.evaluation.domain import reading

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    return reading.percent(share)


@register.filter
def points(difference: float) -> str:
    return reading.signed_points(difference)


@register.filter
def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"
