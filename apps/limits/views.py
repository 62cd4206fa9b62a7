"""The limits pages: what holds, what is used of it now, and how far it can be passed at worst."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.accounts.services import actor_of, may_edit, open_project
from apps.limits.forms import FRESH, LimitForm, NewLimitForm, stored
from apps.limits.models import Limit
from apps.limits.queries import limits_of
from apps.limits.services import change_limit, create_limit, may_set_for_organisation, overview_of, remove_limit, row_of

COUNTERS_SHOWN = 50


@require_GET
def limits(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    return render(request, "limits/limits.html", {"overview": overview_of(project), "may_edit": may_edit(request)})


@require_GET
def limit(request: HttpRequest, project_slug: str, limit_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(limits_of(project), id=limit_id)
    row, problem = row_of(project, shown)
    context = {
        "row": row,
        "limit": shown,
        "counters": row.counters[:COUNTERS_SHOWN],
        "problem": problem,
        "may_edit": may_edit(request) and _may_change(request, project, shown),
    }
    return render(request, "limits/limit.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    may_all = may_set_for_organisation(actor_of(request), project)
    sent = request.POST if request.method == "POST" else None
    form = NewLimitForm(sent, project=project, may_all=may_all, initial=FRESH)
    if form.is_valid():
        try:
            made = create_limit(actor=actor_of(request), project=project, new=form.new_limit())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The limit {made} holds from now on.")
            return redirect("limits:limit", project.slug, made.id)
    return render(request, "limits/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, project_slug: str, limit_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    changed = get_object_or_404(limits_of(project), id=limit_id)
    sent = request.POST if request.method == "POST" else None
    form = LimitForm(sent, metric=changed.measure, initial=stored(changed))
    if form.is_valid():
        try:
            change_limit(actor=actor_of(request), project=project, limit=changed, **form.changes())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The limit {changed} is changed.")
            return redirect("limits:limit", project.slug, changed.id)
    context: dict[str, Any] = {"form": form, "limit": changed}
    return render(request, "limits/edit.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, project_slug: str, limit_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    gone = get_object_or_404(limits_of(project), id=limit_id)
    remove_limit(actor=actor_of(request), project=project, limit=gone)
    messages.success(request, f"The limit {gone} holds no longer.")
    return redirect("limits:limits", project.slug)


def _may_change(request: HttpRequest, project: Project, limit: Limit) -> bool:
    return limit.project_id is not None or may_set_for_organisation(actor_of(request), project)
