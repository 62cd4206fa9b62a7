"""The list of traces, what is new in it, and one trace."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.services import open_project
from apps.tracing import queries
from apps.tracing.domain.snippets import first_request
from apps.tracing.forms import TraceFilterForm, cursor_in, moment_in, trace_id_in
from apps.tracing.services import marks_of, panels_of

TABS = {"conversation": "Conversation", "attributes": "Attributes", "raw": "Raw JSON"}


@require_safe
def traces(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    form = TraceFilterForm(request.GET)
    chosen, cursor = form.chosen(), cursor_in(request.GET.get("cursor", ""))
    part = "#list" if is_fragment(request) else ""
    if not part:
        routes, models = queries.names_in_use(project, chosen.window)
        form.offer(routes=routes, models=models)
    mark = queries.arrivals_mark()
    page = queries.list_traces(project, chosen, cursor=cursor)
    context = {
        "form": form,
        "chosen": chosen,
        "page": page,
        "live": cursor is None and bool(chosen.window.preset),
        "mark": mark,
        "marks": marks_of(project, [span.trace_id for span in page.rows]),
        "snippets": None if page.rows or queries.has_traces(project) else first_request(settings.PUBLIC_URL),
    }
    return render(request, f"tracing/traces.html{part}", context)


@require_safe
def arrivals(request: HttpRequest, project_slug: str) -> HttpResponse:
    """What came since `since`, for the head of the list; the list anew when that is more than a page."""
    project = open_project(request, project_slug)
    chosen = TraceFilterForm(request.GET).chosen()
    came = queries.arrivals(project, chosen, since=moment_in(request.GET.get("since", "")))
    if came.more:
        response = traces(request, project_slug)
        response["HX-Retarget"], response["HX-Reswap"] = "#traces", "innerHTML"
        return response
    context = {
        "rows": came.rows,
        "mark": came.until,
        "marks": marks_of(project, [span.trace_id for span in came.rows]),
        "live": True,
        "new": True,
    }
    return render(request, "tracing/_arrivals.html", context)


@require_safe
def trace(request: HttpRequest, project_slug: str, trace_id: str) -> HttpResponse:
    project = open_project(request, project_slug)
    found = queries.get_trace(project, trace_id_in(trace_id))
    span = found.span(request.GET.get("span", "")) or found.entry
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "conversation"
    part = "#body" if is_fragment(request) else ""
    context = {
        "trace": found,
        "bars": queries.bars(found, active=span, tab=tab),
        "detail": queries.detail(project, found, span),
        "tab": tab,
        "tabs": [
            {"label": label, "url": f"?span={span.span_id}&tab={name}", "active": name == tab}
            for name, label in TABS.items()
        ],
        "panels": [] if part else panels_of(project, found.trace_id),
    }
    return render(request, f"tracing/trace.html{part}", context)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page that is already there."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers
