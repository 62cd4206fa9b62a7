"""Starting a turn, seeing how it went, promoting its model and taking that back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.pipelines.queries.wheels import current_promotion, turns_of, wheels_of
from apps.pipelines.services import promote_turn, roll_back, start_turn


@require_GET
def turn(request: HttpRequest, project_slug: str, turn_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    shown = get_object_or_404(turns_of(project), id=turn_id)
    context = {"turn": shown, "promotion": current_promotion(shown), "may_edit": may_edit(request)}
    part = "#live" if request.headers.get("HX-Request") else ""
    return render(request, f"pipelines/turn.html{part}", context)


@require_POST
def start(request: HttpRequest, project_slug: str, wheel_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    turned = get_object_or_404(wheels_of(project), id=wheel_id)
    try:
        begun = start_turn(actor=actor_of(request), wheel=turned, message=request.POST.get("message", "")[:200])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("pipelines:wheel", project.slug, turned.id)
    return redirect("pipelines:turn", project.slug, begun.id)


@require_POST
def promote(request: HttpRequest, project_slug: str, turn_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    passed = get_object_or_404(turns_of(project), id=turn_id)
    try:
        promotion = promote_turn(actor=actor_of(request), turn=passed)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{promotion.after.model} takes the traffic of {passed.wheel.route}.")
    return redirect("pipelines:turn", project.slug, passed.id)


@require_POST
def rollback(request: HttpRequest, project_slug: str, turn_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    promoted = get_object_or_404(turns_of(project), id=turn_id)
    promotion = current_promotion(promoted)
    try:
        if promotion is None:
            raise ValidationError("There is no promotion to take back.")
        roll_back(actor=actor_of(request), promotion=promotion)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{promoted.incumbent.model} takes the traffic of {promoted.wheel.route} again.")
    return redirect("pipelines:turn", project.slug, promoted.id)
