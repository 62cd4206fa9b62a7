"""Making examples of traces."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, open_project
from apps.pipelines.forms import TracesForm
from apps.pipelines.services import add_traces as make_version


@require_http_methods(["GET", "POST"])
def add_traces(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = TracesForm(request.POST if request.method == "POST" else None, project=project, initial=request.GET.dict())
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("dataset", "judged", "tags", "message")}
        try:
            made = make_version(actor=actor_of(request), chosen=form.chosen(), **values)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{made} holds {made.rows:,} row{'' if made.rows == 1 else 's'}.")
            return redirect("datasets:version", project.slug, made.dataset.name, made.number)
    return render(request, "pipelines/add_traces.html", {"form": form}, status=422 if form.errors else 200)
