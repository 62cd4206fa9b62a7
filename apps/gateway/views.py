"""The routes pages, and the form that connects a provider."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.gateway.domain.describing import describe
from apps.gateway.domain.dry_run import dry_run
from apps.gateway.domain.failure_modes import FAILURE_MODES
from apps.gateway.forms import ConnectForm, DryRunForm, RouteForm, VersionForm
from apps.gateway.queries import policy_of, routes_of, versions_of
from apps.gateway.services import (
    activate_version,
    connect_provider_with_models,
    create_route,
    publish_route_version,
    set_route_enabled,
)


@require_GET
def routes(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    return render(request, "gateway/routes.html", {"routes": routes_of(project), "may_edit": may_edit(request)})


@require_GET
def route(request: HttpRequest, project_slug: str, route_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(routes_of(project), id=route_id)
    form = DryRunForm(request.GET if "try" in request.GET else None)
    policy = policy_of(shown)
    context = {
        "route": shown,
        "rows": versions_of(shown),
        "policy": describe(policy),
        "form": form,
        "steps": dry_run(policy, form.cleaned_data) if form.is_valid() else [],
        "may_edit": may_edit(request),
    }
    return render(request, "gateway/route.html", context)


@require_http_methods(["GET", "POST"])
def new_route(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = RouteForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        try:
            made = create_route(actor=actor_of(request), project=project, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Applications can call {made} now.")
            return redirect("gateway:route", project.slug, made.id)
    return render(request, "gateway/new_route.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def new_version(request: HttpRequest, project_slug: str, route_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    changed = get_object_or_404(routes_of(project), id=route_id)
    now = changed.active
    members = ("model", "system_prompt", "defaults", "policy")
    stored = {name: getattr(now, name) for name in members} if now else {}
    form = VersionForm(request.POST if request.method == "POST" else None, project=project, initial=stored)
    if form.is_valid():
        try:
            version = publish_route_version(actor=actor_of(request), route=changed, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Version {version.number} of {changed} takes the traffic.")
            return redirect("gateway:route", project.slug, changed.id)
    context = {"form": form, "route": changed}
    return render(request, "gateway/new_version.html", context, status=422 if form.errors else 200)


@require_POST
def activate(request: HttpRequest, project_slug: str, route_id: UUID, number: int) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    changed = get_object_or_404(routes_of(project), id=route_id)
    get_object_or_404(changed.versions, number=number)
    activate_version(actor=actor_of(request), route=changed, number=number)
    messages.success(request, f"Version {number} of {changed} takes the traffic.")
    return redirect("gateway:route", project.slug, changed.id)


@require_POST
def switch_route(request: HttpRequest, project_slug: str, route_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    switched = get_object_or_404(routes_of(project), id=route_id)
    set_route_enabled(actor=actor_of(request), route=switched, enabled=request.POST.get("enabled") == "1")
    return redirect("gateway:route", project.slug, switched.id)


@require_GET
def failures(request: HttpRequest, project_slug: str) -> HttpResponse:
    """What is promised when a part of the installation is away."""
    open_project(request, project_slug)
    return render(request, "gateway/failures.html", {"modes": FAILURE_MODES})


@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = ConnectForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        try:
            provider = connect_provider_with_models(
                actor=actor_of(request),
                project=project,
                name=form.cleaned_data["name"],
                endpoint=form.endpoint(),
                models=form.new_models(),
                route=form.cleaned_data["route"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{provider} is connected.")
            return redirect("serving:models", project.slug)
    return render(request, "gateway/connect.html", {"form": form}, status=422 if form.errors else 200)
