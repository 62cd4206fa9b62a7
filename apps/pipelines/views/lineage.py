"""Where a model comes from, back to each click."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.services import open_project
from apps.pipelines.queries.lineage import lineage_of
from apps.serving.queries import models_of


@require_GET
def lineage(request: HttpRequest, project_slug: str, model_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    model = get_object_or_404(models_of(project), id=model_id)
    page = int(text) if (text := request.GET.get("page", "1")).isdecimal() and len(text) < 8 else 1
    kind = request.GET.get("kind", "")
    found = lineage_of(project, model, page=max(page, 1), kind=kind)
    if found is None:
        raise Http404(f"{model} was not finetuned here.")
    context = {"lineage": found, "page": found.page, "kind": kind}
    return render(request, "pipelines/lineage.html", context)
