"""The evaluations pages."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.evaluation.forms import EvaluationForm, id_in, position_in, prefilled
from apps.evaluation.pages import evaluation_context, rows_context
from apps.evaluation.queries import evaluations_of, summaries_of
from apps.evaluation.services import start_evaluation


@require_GET
def evaluations(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    page = summaries_of(project, cursor=id_in(request.GET))
    context = {"page": page, "may_edit": may_edit(request)}
    return render(request, _part(request, "evaluation/evaluations.html", "rows"), context)


@require_http_methods(["GET", "POST"])
def new_evaluation(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    posted = request.POST if request.method == "POST" else None
    form = EvaluationForm(posted, project=project, initial=prefilled(request.GET))
    if form.is_valid():
        try:
            started = start_evaluation(actor=actor_of(request), project=project, **form.arguments())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{started} is waiting for a worker of {started.job.pool}.")
            return redirect("evaluation:evaluation", project.slug, started.id)
    return render(request, "evaluation/new_evaluation.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def evaluation(request: HttpRequest, project_slug: str, evaluation_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(evaluations_of(project), id=evaluation_id)
    if _asked_for(request, "live") and shown.job.finished:
        return HttpResponse(headers={"HX-Refresh": "true"})
    rows = rows_context(shown, show=request.GET.get("show", ""), after=position_in(request.GET))
    if _asked_for(request, "rows"):
        return render(request, "evaluation/evaluation.html#rows", {"evaluation": shown, **rows})
    context: dict[str, Any] = {"may_edit": may_edit(request), **evaluation_context(shown), **rows}
    return render(request, _part(request, "evaluation/evaluation.html", "live"), context)


def _part(request: HttpRequest, template: str, part: str) -> str:
    """The page, or one part of it when htmx asks for that."""
    return f"{template}#{part}" if _asked_for(request, part) else template


def _asked_for(request: HttpRequest, part: str) -> bool:
    headers = request.headers
    return bool(headers.get("HX-Request")) and not headers.get("HX-Boosted") and headers.get("HX-Target") == part
