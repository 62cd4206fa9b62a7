"""The feedback page, the panel on a trace, and the script that products embed."""

import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition, require_GET

from apps.accounts.services import open_project
from apps.feedback.forms import KINDS, feedback_filter
from apps.feedback.queries import feedback_of_trace, list_feedback, widget_snippet

WIDGET = Path(settings.ROOT) / "static" / "widget" / "v1.js"


def widget_version(request: HttpRequest) -> str:
    stat = WIDGET.stat()
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


@login_not_required
@require_GET
@condition(etag_func=widget_version)
def widget_script(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(WIDGET.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=3600"
    return response


@require_GET
def feedback_list(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    chosen = feedback_filter(request.GET)
    page = list_feedback(project, kind=chosen.kind, cursor=chosen.cursor)
    context = {
        "project": project,
        "chosen": chosen,
        "kinds": KINDS.items(),
        "page": page,
        "snippet": widget_snippet(project, settings.PUBLIC_URL),
    }
    template = "feedback/list.html#rows" if request.headers.get("HX-Request") else "feedback/list.html"
    return render(request, template, context)


@require_GET
def trace_panel(request: HttpRequest, project_slug: str, trace_id: uuid.UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    given = feedback_of_trace(project, trace_id)
    return render(request, "feedback/trace_panel.html", {"project": project, "trace_id": trace_id, "feedback": given})
