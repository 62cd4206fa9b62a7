"""The finetuning pages."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.compute.queries import log_tail
from apps.finetuning.charts import loss_curve
from apps.finetuning.forms import FinetuneForm, cursor_in, plan_of, suggested
from apps.finetuning.queries import list_runs, loss_of, runs_of, settings_of, training_rows
from apps.finetuning.services import start_finetune


@require_GET
def runs(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    context = {"page": list_runs(project, cursor=cursor_in(request.GET)), "may_edit": may_edit(request)}
    return render(request, _part(request, "finetuning/runs.html", "rows"), context)


@require_http_methods(["GET", "POST"])
def new_run(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    if _asked_for(request, "plan"):
        return render(
            request, "finetuning/new.html#plan", {"plan": plan_of(FinetuneForm(request.GET, project=project))}
        )
    posted = request.POST if request.method == "POST" else None
    form = FinetuneForm(posted, project=project, initial=suggested(project, request.GET))
    if form.is_valid():
        try:
            started = start_finetune(actor=actor_of(request), project=project, **form.arguments())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{started} is waiting for a worker of {started.job.pool}.")
            return redirect("finetuning:run", project.slug, started.id)
    return render(
        request, "finetuning/new.html", {"form": form, "plan": plan_of(form)}, status=422 if form.errors else 200
    )


@require_GET
def run(request: HttpRequest, project_slug: str, run_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(runs_of(project), id=run_id)
    context: dict[str, Any] = {
        "run": shown,
        "job": shown.job,
        "chart": loss_curve(loss_of(shown)),
        "log": log_tail(shown.job),
        "settings": settings_of(shown),
        "rows": training_rows(shown.dataset_version),
        "may_edit": may_edit(request),
    }
    return render(request, _part(request, "finetuning/run.html", "live"), context)


def _part(request: HttpRequest, template: str, part: str) -> str:
    """The page, or one part of it when htmx asks for that."""
    return f"{template}#{part}" if _asked_for(request, part) else template


def _asked_for(request: HttpRequest, part: str) -> bool:
    headers = request.headers
    return bool(headers.get("HX-Request")) and not headers.get("HX-Boosted") and headers.get("HX-Target") == part
