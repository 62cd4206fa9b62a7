"""Home: figures while there is traffic, first steps while there is none."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.accounts.services import actor_of, create_secret_key, may_edit, open_project
from apps.console.home.onboarding import KEY_TO_FILL_IN, callable_name, first_request
from apps.console.home.page import home_context, home_links
from apps.tracing.domain.window import last
from apps.tracing.queries import has_traces
from llmkit import clock


@require_safe
def home(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    if not has_traces(project):
        if "waiting" in request.GET:
            return HttpResponse(status=204)
        return render(request, "console/home.html", first_steps(request, project))
    if "waiting" in request.GET:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = home_context(project, last(request.GET.get("range", ""), clock.now()))
    live = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    return render(request, "console/home.html#live" if live else "console/home.html", context)


@require_POST
@never_cache
def first_key(request: HttpRequest, project_slug: str) -> HttpResponse:
    """Make a key and show it inside the snippet, this once."""
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    issued = create_secret_key(actor=actor_of(request), project=project, name="First key", scopes=["gateway"])
    template = "console/home.html#first_steps" if request.headers.get("HX-Request") else "console/home.html"
    return render(request, template, first_steps(request, project, issued.text))


def first_steps(request: HttpRequest, project: Project, key: str = "") -> dict[str, Any]:
    name = callable_name(project)
    return {
        "project": project,
        "name": name,
        "key": key,
        "may_make_key": may_edit(request),
        "snippets": first_request(settings.PUBLIC_URL, name or "your-model", key or KEY_TO_FILL_IN),
        "links": home_links(project),
    }
