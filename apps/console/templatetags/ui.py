"""The design system's tags and filters; templates of every app may `{% load ui %}`. docs/pages.md shows their use."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.console.domain import formats, geometry, jsonview
from apps.console.domain.tones import NEUTRAL, tone_of
from llmkit.money import format_nano

register = template.Library()
KEY = '<kbd class="kbd">{}</kbd>'
NOT_JSON: Any = object()


def parse_json(text: str) -> Any:
    """The value, or NOT_JSON for text that is none (or is nested beyond what the parser follows)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON


@register.filter
def duration(us: float | None) -> str:
    """Microseconds as people read them: `12.4 ms`."""
    return formats.duration(us)


@register.filter
def nano_dollars(nano: int | None) -> str:
    return formats.NOTHING if nano is None else format_nano(nano)


@register.filter
def compact_number(number: float | None) -> str:
    return formats.compact(number)


@register.filter
def relative_time(moment: datetime | None) -> str:
    return formats.NOTHING if moment is None else formats.relative(moment, timezone.now())


@register.filter
def pretty_json(value: Any) -> str:
    """Indented JSON as plain text, which the template escapes; text that is JSON already is indented too."""
    parsed = parse_json(value) if isinstance(value, str) else value
    return value if parsed is NOT_JSON else json.dumps(parsed, indent=2, ensure_ascii=False, default=str)


@register.filter
def initials(name: object) -> str:
    return formats.initials(str(name))


@register.filter
def status_tone(status: object) -> str:
    return tone_of(str(status))


@register.filter
def shorten(text: object, limit: int) -> str:
    return formats.shorten(str(text), limit)


@register.filter
def at_most(number: int, limit: int) -> int:
    return min(number, limit)


@register.filter
def words(text: str | list[str]) -> list[str]:
    """`"15m 1h"|words` is a list to loop over; lists stay as they are."""
    return text.split() if isinstance(text, str) else text


@register.filter
def times(count: int) -> range:
    return range(count)


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A symbol of static/img/icons.svg; hidden from screen readers unless it has a label of its own."""
    extra = "icon-large" if size == "large" else ""
    told = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon {}" {}><use href="{}#{}"/></svg>', extra, told, static("img/icons.svg"), name)


@register.simple_tag
def badge(label: object, tone: str = NEUTRAL, icon_name: str = "") -> SafeString:
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icon(icon_name) if icon_name else "", label)


@register.simple_tag
def status(value: object, label: str = "") -> SafeString:
    """The status as a word with its sign; the tone follows from the word."""
    return format_html('<span class="status status-{}">{}</span>', tone_of(str(value)), label or value)


@register.simple_tag
def timestamp(moment: datetime | None, absolute: bool = False) -> SafeString:
    """Relative time whose title is the exact one (UTC), or the exact one itself; live.js keeps it current."""
    if moment is None:
        return SafeString(formats.NOTHING)
    exact = formats.absolute(moment)
    if absolute:
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), exact)
    shown = formats.relative(moment, timezone.now())
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', moment.isoformat(), exact, shown)


@register.simple_tag
def tokens(input_tokens: int | None, output_tokens: int | None) -> SafeString:
    """Input and output tokens: `312 → 48`."""
    return format_html(
        '<span class="nowrap" title="{} input tokens, {} output tokens">{} → {}</span>',
        formats.NOTHING if input_tokens is None else input_tokens,
        formats.NOTHING if output_tokens is None else output_tokens,
        formats.compact(input_tokens),
        formats.compact(output_tokens),
    )


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """Keys to press, separated by blanks: `{% kbd "g t" %}`."""
    return format_html('<span class="keys">{}</span>', format_html_join("", KEY, ((key,) for key in keys.split())))


@register.simple_tag
def json_view(value: Any) -> SafeString:
    """A collapsible tree of a JSON value (or of its text); everything in it is escaped."""
    parsed = parse_json(value) if isinstance(value, str) else value
    if parsed is NOT_JSON:
        return format_html('<div class="json"><div class="json-leaf">{}</div></div>', value)
    return mark_safe(f'<div class="json">{jsonview.render(parsed)}</div>')  # noqa: S308  # render() escapes


@register.inclusion_tag("components/spark.html")
def sparkline(values: list[float | None], label: str = "") -> dict[str, Any]:
    return {"spark": geometry.spark(values), "label": label}


@register.simple_tag
def lane(start_us: float, duration_us: float, total_us: float, first_us: float | None = None) -> geometry.Lane:
    return geometry.lane(start_us, duration_us, total_us, first_us)


@register.simple_tag
def ruler(total_us: float) -> list[geometry.Mark]:
    return geometry.ruler(total_us)


@register.simple_block_tag
def card(content: str, **options: Any) -> str:
    """`{% card title="…" %}…{% endcard %}`; see components/card.html."""
    return render_to_string("components/card.html", {**options, "content": content})


@register.simple_block_tag
def dialog(content: str, **options: Any) -> str:
    """`{% dialog id="…" title="…" %}…{% enddialog %}`; see components/dialog.html."""
    return render_to_string("components/dialog.html", {**options, "content": content})


@register.simple_block_tag
def menu(content: str, **options: Any) -> str:
    """`{% menu label="…" %}…{% endmenu %}`; see components/menu.html."""
    return render_to_string("components/menu.html", {**options, "content": content})


@register.simple_block_tag
def notice(content: str, **options: Any) -> str:
    """`{% notice tone="warn" %}…{% endnotice %}`; see components/notice.html."""
    return render_to_string("components/notice.html", {**options, "content": content})


@register.simple_block_tag
def table(content: str, **options: Any) -> str:
    """`{% table label="…" %}<thead>…{% endtable %}`; see components/table.html."""
    return render_to_string("components/table.html", {**options, "content": content})
