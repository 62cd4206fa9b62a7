"""Words and figures of the wheel's pages."""

from django import template

from apps.pipelines.domain.gate import percent

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
def kind_in_words(kind: str) -> str:
    return KINDS.get(kind, kind)
