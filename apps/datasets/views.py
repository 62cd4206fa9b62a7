"""The datasets pages: what there is, how it changed, and each row."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.datasets.domain.snippets import first_version
from apps.datasets.forms import DatasetForm, ImportForm, RowsForm
from apps.datasets.queries import datasets_of, page_of, tags_in, versions_of
from apps.datasets.services import create_dataset, export_jsonl, extend_dataset, make_version

MOST_VERSIONS = 50


@require_GET
def datasets(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    context = {
        "datasets": datasets_of(project),
        "may_edit": may_edit(request),
        "snippet": first_version(settings.PUBLIC_URL),
    }
    return render(request, "datasets/datasets.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = DatasetForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = create_dataset(actor=actor_of(request), project=project, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("datasets:dataset", project.slug, made.name)
    return render(request, "datasets/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def dataset(request: HttpRequest, project_slug: str, name: str) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(datasets_of(project), name=name)
    versions = versions_of(project).filter(dataset=shown)[:MOST_VERSIONS]
    context = {"dataset": shown, "versions": versions, "may_edit": may_edit(request)}
    return render(request, "datasets/dataset.html", context)


@require_http_methods(["GET", "POST"])
def import_rows(request: HttpRequest, project_slug: str, name: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    target = get_object_or_404(datasets_of(project), name=name)
    form = ImportForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid():
        chosen = form.cleaned_data
        make = extend_dataset if chosen["keep"] else make_version
        made = make(actor=actor_of(request), dataset=target, rows=form.rows(), message=chosen["message"])
        messages.success(request, f"{made} holds {made.rows:,} rows.")
        return redirect("datasets:version", project.slug, target.name, made.number)
    return render(
        request, "datasets/import.html", {"form": form, "dataset": target}, status=422 if form.errors else 200
    )


@require_GET
def version(request: HttpRequest, project_slug: str, name: str, number: int) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(versions_of(project), dataset__name=name, number=number)
    form = RowsForm(request.GET, tags=tags_in(shown))
    context = {"version": shown, "form": form, "page": page_of(shown, **form.chosen())}
    part = "#rows" if request.headers.get("HX-Request") else ""
    return render(request, f"datasets/version.html{part}", context)


@require_GET
def download(request: HttpRequest, project_slug: str, name: str, number: int) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(versions_of(project), dataset__name=name, number=number)
    response = HttpResponse(b"".join(export_jsonl(shown)), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-v{number}.jsonl"'
    return response
