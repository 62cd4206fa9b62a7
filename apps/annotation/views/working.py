"""The page where annotators work: one item after the other."""

import json
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.accounts.services import may_edit, open_project
from apps.annotation.domain.answers import posted_values
from apps.annotation.forms import AnswerForm
from apps.annotation.models import AnnotationItem, AnnotationQueue
from apps.annotation.queries import answers_by, came_late, progress_of
from apps.annotation.services import claim_next, release_item, skip_item, submit_answer
from apps.annotation.views.common import item_of, queue_of, user_of
from apps.feedback.queries import feedback_of_trace

TOO_LATE = "Somebody else settled this item meanwhile. Your answer is kept and counts for the agreement."


@require_GET
def work(request: HttpRequest, project_slug: str, queue_id: UUID) -> HttpResponse:
    """The next item for whoever asks; asking holds it for them."""
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    queue = queue_of(project, queue_id)
    item = claim_next(queue=queue, annotator=user_of(request))
    return show(request, project, queue, item)


@require_POST
def submit(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    item, annotator = item_of(project, item_id), user_of(request)
    form = AnswerForm(item, posted=posted_values(request.POST))
    if form.errors:
        return show(request, project, item.queue, item, form)
    try:
        submit_answer(item=item, annotator=annotator, answer=form.answer)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            return go_on(request, project, item.queue, "warn", " ".join(error.messages))
        form.add_errors(error)
        return show(request, project, item.queue, item, form)
    item.refresh_from_db()
    late = came_late(item, annotator)
    return go_on(request, project, item.queue, "warn", TOO_LATE if late else "")


@require_POST
def skip(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    item = item_of(project, item_id)
    skip_item(item=item, annotator=user_of(request))
    return go_on(request, project, item.queue)


@require_POST
def leave(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    item = item_of(project, item_id)
    release_item(item=item, annotator=user_of(request))
    return redirect("annotation:queue", project.slug, item.queue_id)


def go_on(
    request: HttpRequest, project: Project, queue: AnnotationQueue, tone: str = "", text: str = ""
) -> HttpResponse:
    """The next item: swapped in, or on a page of its own where scripts are off."""
    if "HX-Request" not in request.headers:
        if text:
            messages.warning(request, text)
        return redirect("annotation:work", project.slug, queue.id)
    response = show(request, project, queue, claim_next(queue=queue, annotator=user_of(request)))
    if text:
        response["HX-Trigger"] = json.dumps({"toast": {"tone": tone, "text": text}})
    return response


def show(
    request: HttpRequest,
    project: Project,
    queue: AnnotationQueue,
    item: AnnotationItem | None,
    form: AnswerForm | None = None,
) -> HttpResponse:
    part = "#item" if "HX-Request" in request.headers else ""
    context = {
        "queue": queue,
        "item": item,
        "form": form or (AnswerForm(item) if item else None),
        "progress": progress_of(queue),
        "mine": answers_by(queue, user_of(request)),
        "complaints": feedback_of_trace(project, item.trace_id) if item else [],
        "may_edit": may_edit(request),
    }
    return render(request, f"annotation/work.html{part}", context, status=422 if form else 200)
