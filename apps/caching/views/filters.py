"""What a project never caches: its rules, and what people said about single texts."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.caching.forms import RuleFormSet
from apps.caching.queries import corrections_of
from apps.caching.services import correct, filter_of, set_rules, strongest_grams, withdraw_correction

CORRECTIONS_SHOWN = 200


@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    forms = RuleFormSet(request.POST if request.method == "POST" else None, initial=filter_of(project).rules)
    problem = ""
    if forms.is_valid():
        written = [form.cleaned_data for form in forms if form.cleaned_data.get("text", "").strip()]
        try:
            set_rules(actor=actor_of(request), project=project, rules=written)
        except ValidationError as error:
            problem = error.messages[0]
        else:
            messages.success(request, "The rules hold from now on.")
            return redirect("caching:rules", project.slug)
    status = 422 if problem or forms.total_error_count() else 200
    return render(request, "caching/rules.html", {"forms": forms, "problem": problem}, status=status)


@require_GET
def corrections(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    known = filter_of(project)
    volatile, lasting = strongest_grams(known)
    context = {
        "filter": known,
        "corrections": corrections_of(project)[:CORRECTIONS_SHOWN],
        "volatile": volatile,
        "lasting": lasting,
        "may_edit": may_edit(request),
    }
    return render(request, "caching/corrections.html", context)


@require_POST
def add_correction(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    text, volatile = request.POST.get("text", ""), request.POST.get("volatile") == "1"
    try:
        correct(actor=actor_of(request), project=project, text=text, volatile=volatile)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, "The classifier has learned it.")
    return redirect("caching:corrections", project.slug)


@require_POST
def remove_correction(request: HttpRequest, project_slug: str, correction_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    correction = get_object_or_404(corrections_of(project), id=correction_id)
    withdraw_correction(actor=actor_of(request), correction=correction)
    messages.success(request, "The correction is withdrawn, and unlearned.")
    return redirect("caching:corrections", project.slug)
