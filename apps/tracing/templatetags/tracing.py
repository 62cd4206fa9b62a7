"""Tags that only the pages of traces need."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.tracing.models import Span
from apps.tracing.services import Mark, Panel

register = template.Library()


@register.filter
def of_trace(marks: Mapping[uuid.UUID, Sequence[Mark]], trace_id: uuid.UUID) -> Sequence[Mark]:
    return marks.get(trace_id, ())


@register.simple_tag
def outcome(span: Span) -> SafeString:
    """`ok`, or what went wrong, with the HTTP status where there is one."""
    if span.status != "error":
        return format_html('<span class="status status-ok">{}</span>', span.http_status or "ok")
    what = span.http_status or span.error_type or "failed"
    return format_html('<span class="status status-bad" title="{}">{}</span>', span.error_type, what)


@register.simple_tag(takes_context=True)
def panel(context: template.RequestContext, panel: Panel, trace_id: uuid.UUID) -> SafeString:
    """What another app shows of a trace, rendered with its own context, the project and the trace's id."""
    values = {"project": context["project"], "trace_id": trace_id, **panel.context}
    return mark_safe(render_to_string(panel.template, values, request=context.request))  # noqa: S308  # a template's output


@register.filter
def facts(span: Span) -> list[tuple[str, Any]]:
    """Names and values of what is known of a span beyond its times and tokens."""
    known: list[tuple[str, Any]] = [
        ("Operation", span.operation),
        ("Provider", span.provider),
        ("Model asked for", span.request_model),
        ("Model that answered", span.response_model),
        ("Finished because", span.finish_reason),
        ("HTTP status", span.http_status),
        ("Error", span.error_type),
        ("Prompt", f"{span.prompt_name} {span.prompt_version}".strip()),
        ("Environment", span.environment),
        ("Release", span.release),
        ("Cached input tokens", span.cached_tokens),
    ]
    return [(name, value) for name, value in known if value not in ("", None)]
