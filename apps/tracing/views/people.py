"""Sessions and end users."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.services import open_project
from apps.tracing import queries
from apps.tracing.domain.snippets import labelled_request
from apps.tracing.forms import WindowForm, name_in, position_in
from apps.tracing.services import marks_of


@require_safe
def sessions(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    window = WindowForm(request.GET).window()
    page = queries.list_sessions(project, window, position=position_in(request.GET.get("cursor", "")))
    return render(
        request,
        "tracing/sessions.html",
        {"window": window, "page": page, "snippet": labelled_request(settings.PUBLIC_URL)},
    )


@require_safe
def session(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    thread = queries.session_thread(project, name_in(request.GET.get("id", "")))
    return render(request, "tracing/session.html", {"thread": thread, "session": thread.session})


@require_safe
def users(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    window = WindowForm(request.GET).window()
    page = queries.list_users(project, window, position=position_in(request.GET.get("cursor", "")))
    return render(
        request,
        "tracing/users.html",
        {"window": window, "page": page, "snippet": labelled_request(settings.PUBLIC_URL)},
    )


@require_safe
def user(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    name, window = name_in(request.GET.get("id", "")), WindowForm(request.GET).window()
    latest = queries.list_traces(project, queries.TraceFilter(window=window, user=name), limit=20)
    context = {
        "window": window,
        "figures": queries.user_figures(project, name, window),
        "sessions": queries.list_sessions(project, window, user=name, limit=10),
        "traces": latest,
        "marks": marks_of(project, [span.trace_id for span in latest.rows]),
    }
    return render(request, "tracing/user.html", context)
