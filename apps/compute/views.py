"""Pools and their workers, jobs, and one job as it goes on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.compute.queries import attempts_of, jobs_of, list_jobs, log_tail, newest_figures, pools_page
from apps.compute.services import cancel_job, retry_job


@require_GET
def pools(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    part = "#live" if request.headers.get("HX-Request") else ""
    return render(request, f"compute/pools.html{part}", {"pools": pools_page(project)})


@require_GET
def jobs(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    try:
        cursor = UUID(request.GET["cursor"]) if request.GET.get("cursor") else None
    except ValueError:
        cursor = None
    part = "#rows" if request.headers.get("HX-Request") else ""
    return render(request, f"compute/jobs.html{part}", {"page": list_jobs(project, cursor=cursor)})


@require_GET
def job(request: HttpRequest, project_slug: str, job_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(jobs_of(project), id=job_id)
    context: dict[str, Any] = {"job": shown, "attempts": attempts_of(shown), "figures": newest_figures(shown)}
    context["may_edit"] = may_edit(request)
    if request.headers.get("HX-Request"):
        return render(request, "compute/job.html#live", context)
    return render(request, "compute/job.html", {**context, "log": log_tail(shown)})


@require_GET
def job_log(request: HttpRequest, project_slug: str, job_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(jobs_of(project), id=job_id)
    return render(request, "compute/_job_log.html", {"job": shown, "log": log_tail(shown), "project": project})


@require_POST
def cancel(request: HttpRequest, project_slug: str, job_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    ended = get_object_or_404(jobs_of(project), id=job_id)
    try:
        cancel_job(actor=actor_of(request), job=ended)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        ended.refresh_from_db()
        words = "The job is cancelled." if ended.finished else "The job is cancelled once its worker has stopped it."
        messages.success(request, words)
    return redirect("compute:job", project.slug, ended.id)


@require_POST
def retry(request: HttpRequest, project_slug: str, job_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    again = get_object_or_404(jobs_of(project), id=job_id)
    try:
        retry_job(actor=actor_of(request), job=again)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "The job is back in its queue; it goes on from its last checkpoint.")
    return redirect("compute:job", project.slug, again.id)
