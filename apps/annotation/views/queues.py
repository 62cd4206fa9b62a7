"""The queues, what goes into them and what comes out."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.annotation.forms import STATES, AddForm, ConfidenceForm, PublishForm, QueueForm, SinceForm, item_filter
from apps.annotation.models import AnnotationItem
from apps.annotation.queries import list_items, queue_figures, queues_of
from apps.annotation.services import (
    create_queue,
    enqueue_trace,
    fill_from_confidence,
    fill_from_feedback,
    publish_answers,
)
from apps.annotation.views.common import queue_of
from llmkit import clock


@require_GET
def queues(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    return render(request, "annotation/queues.html", {"queues": queues_of(project), "may_edit": may_edit(request)})


@require_http_methods(["GET", "POST"])
def new_queue(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = QueueForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        try:
            made = create_queue(actor=actor_of(request), project=project, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The queue {made} is ready to be filled.")
            return redirect("annotation:queue", project.slug, made.id)
    return render(request, "annotation/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def queue(request: HttpRequest, project_slug: str, queue_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    shown = queue_of(project, queue_id)
    chosen = item_filter(request.GET)
    part = "#items" if request.headers.get("HX-Request") and "HX-Boosted" not in request.headers else ""
    context = {
        "queue": shown,
        "chosen": chosen,
        "page": list_items(shown, state=chosen.state, cursor=chosen.cursor),
        "states": STATES.items(),
        "figures": None if part else queue_figures(shown),
        "may_edit": may_edit(request),
        "since_form": SinceForm(auto_id="feedback_%s"),
        "confidence_form": ConfidenceForm(auto_id="confidence_%s"),
        "publish_form": PublishForm(auto_id="publish_%s"),
    }
    return render(request, f"annotation/queue.html{part}", context)


@require_POST
def fill_with_feedback(request: HttpRequest, project_slug: str, queue_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    filled, form = queue_of(project, queue_id), SinceForm(request.POST)
    if form.is_valid():
        made = fill_from_feedback(queue=filled, since=clock.now() - timedelta(days=form.cleaned_data["days"]))
        _say_how_many(request, made, "Nobody has judged an answer as bad in this time that isn't here already.")
    else:
        messages.error(request, "Say how many days back to look: 1 to 90.")
    return redirect("annotation:queue", project.slug, filled.id)


@require_POST
def fill_with_confidence(request: HttpRequest, project_slug: str, queue_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    filled, form = queue_of(project, queue_id), ConfidenceForm(request.POST)
    if form.is_valid():
        since = clock.now() - timedelta(days=form.cleaned_data["days"])
        made = fill_from_confidence(queue=filled, since=since, below=form.cleaned_data["below"])
        _say_how_many(request, made, "No answer in this time had a lower confidence that isn't here already.")
    else:
        messages.error(request, "Say how many days back to look, 1 to 90, and a confidence between 0.01 and 1.")
    return redirect("annotation:queue", project.slug, filled.id)


@require_POST
def publish(request: HttpRequest, project_slug: str, queue_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    published, form = queue_of(project, queue_id), PublishForm(request.POST)
    try:
        message = form.cleaned_data["message"] if form.is_valid() else request.POST.get("message", "")[:300]
        version = publish_answers(actor=actor_of(request), queue=published, message=message)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"The answers are in {version}.")
    return redirect("annotation:queue", project.slug, published.id)


@require_POST
def add_trace(request: HttpRequest, project_slug: str, trace_id: UUID) -> HttpResponse:
    """From the page of a trace."""
    project = open_project(request, project_slug, at_least=Role.ANNOTATOR)
    form = AddForm(request.POST, project=project)
    if not form.is_valid():
        messages.error(request, "Choose a queue of this project.")
    elif enqueue_trace(queue=form.cleaned_data["queue"], trace_id=trace_id, reason=AnnotationItem.Reason.MANUAL):
        messages.success(request, f"The trace is in the queue {form.cleaned_data['queue']}.")
    else:
        messages.error(request, "This trace has no conversation that could be annotated.")
    return redirect("tracing:trace", project.slug, trace_id.hex)


def _say_how_many(request: HttpRequest, made: int, none: str) -> None:
    if made:
        messages.success(request, f"{made} new {'item' if made == 1 else 'items'}.")
    else:
        messages.info(request, none)
