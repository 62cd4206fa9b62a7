"""One item: who answered what, and the decision of an engineer."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.accounts.services import actor_of, may_edit, open_project
from apps.annotation.domain.answers import posted_values
from apps.annotation.forms import AnswerForm
from apps.annotation.models import AnnotationItem
from apps.annotation.queries import accepted_lines, comparison_of
from apps.annotation.services import decide_item, drop_item
from apps.annotation.views.common import item_of, user_of
from apps.feedback.queries import feedback_of_trace


@require_GET
def item(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    return show(request, project, item_of(project, item_id))


@require_POST
def decide(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    decided = item_of(project, item_id)
    form = AnswerForm(decided, posted=posted_values(request.POST))
    if form.errors:
        return show(request, project, decided, form)
    try:
        decide_item(actor=actor_of(request), item=decided, answer=form.answer)
    except ValidationError as error:
        form.add_errors(error)
        return show(request, project, decided, form)
    messages.success(request, "Decided: this is the accepted answer.")
    return redirect("annotation:item", project.slug, decided.id)


@require_POST
def drop(request: HttpRequest, project_slug: str, item_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    dropped = item_of(project, item_id)
    try:
        drop_item(actor=actor_of(request), item=dropped)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Dropped: nobody has to answer this item.")
    return redirect("annotation:item", project.slug, dropped.id)


def show(request: HttpRequest, project: Project, shown: AnnotationItem, form: AnswerForm | None = None) -> HttpResponse:
    # Who has yet to answer should not see what others said; an engineer may, to decide.
    blind = shown.is_open and not may_edit(request)
    comparison = comparison_of(shown, only=user_of(request) if blind else None)
    context = {
        "item": shown,
        "queue": shown.queue,
        "blind": blind,
        "comparison": comparison,
        "accepted": accepted_lines(shown),
        "complaints": feedback_of_trace(project, shown.trace_id),
        "form": form or AnswerForm(shown, said=shown.resolution or comparison.first_answer),
        "may_decide": may_edit(request) and shown.can_be_decided,
    }
    return render(request, "annotation/item.html", context, status=422 if form else 200)
