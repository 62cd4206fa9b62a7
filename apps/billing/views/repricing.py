"""Computing costs again: asking for it, and watching it."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.billing.forms import RepriceForm
from apps.billing.models import Repricing
from apps.billing.queries import repricings_of
from apps.billing.services import start_repricing

SHOWN = 50


@require_safe
def repricings(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    context = {"rows": repricings_of(project)[:SHOWN], "may_edit": may_edit(request)}
    return render(request, "billing/repricings.html", context)


@require_http_methods(["GET", "POST"])
def new_repricing(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = RepriceForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        try:
            row = start_repricing(actor=actor_of(request), project=project, **form.wish())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("billing:repricing", project.slug, row.id)
    return render(request, "billing/new_repricing.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def repricing(request: HttpRequest, project_slug: str, repricing_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    row = get_object_or_404(repricings_of(project), id=repricing_id)
    part = "#live" if request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers else ""
    return render(request, f"billing/repricing.html{part}", {"repricing": row, **_figures(row)})


def _figures(row: Repricing) -> dict[str, object]:
    """The models that have something to tell, the largest difference first."""
    models = row.result.get("models", {})
    ordered = sorted(models.items(), key=lambda item: (-abs(item[1]["difference_nano"]), item[0]))
    return {"models": ordered, "whole": row.result if models else None}
