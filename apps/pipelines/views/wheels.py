"""The wheels of a project, one of them, and its parts."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.pipelines.charts import accuracy_by_turn
from apps.pipelines.forms import PartsForm, WheelForm, stored
from apps.pipelines.queries.wheels import PAGE, next_act, queue_counts, turns_of, wheels_of
from apps.pipelines.services import change_wheel, create_wheel


@require_GET
def wheels(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    return render(request, "pipelines/wheels.html", {"wheels": wheels_of(project), "may_edit": may_edit(request)})


@require_GET
def wheel(request: HttpRequest, project_slug: str, wheel_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(wheels_of(project), id=wheel_id)
    counts, turns = queue_counts(shown), list(turns_of(project).filter(wheel=shown)[:PAGE])
    context = {
        "wheel": shown,
        "counts": counts,
        "act": next_act(counts, turns[0] if turns else None),
        "newest": shown.dataset.versions.order_by("-number").first(),
        "turns": turns,
        "chart": accuracy_by_turn(turns),
        "may_edit": may_edit(request),
    }
    part = "#live" if request.headers.get("HX-Request") else ""
    return render(request, f"pipelines/wheel.html{part}", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = WheelForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        try:
            made = create_wheel(actor=actor_of(request), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The {made} can turn now.")
            return redirect("pipelines:wheel", project.slug, made.id)
    return render(request, "pipelines/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, project_slug: str, wheel_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    changed = get_object_or_404(wheels_of(project), id=wheel_id)
    form = PartsForm(request.POST if request.method == "POST" else None, project=project, initial=stored(changed))
    if form.is_valid():
        try:
            change_wheel(actor=actor_of(request), wheel=changed, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The {changed} is changed.")
            return redirect("pipelines:wheel", project.slug, changed.id)
    return render(
        request, "pipelines/change.html", {"form": form, "wheel": changed}, status=422 if form.errors else 200
    )
