"""What caches do, may do and would do."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.accounts.services import actor_of, may_edit, open_project
from apps.caching import charts
from apps.caching.forms import CheckForm, NewPolicyForm, PolicyForm, SourceForm, stored
from apps.caching.models import CachePolicy
from apps.caching.queries import (
    Figures,
    false_hits_of,
    figures_by_route,
    hours_of,
    last_days,
    overview,
    policies_of,
    samples_of,
    sizes_by_route,
)
from apps.caching.services import (
    CacheAway,
    CacheChoice,
    CannotCalibrate,
    NotARequest,
    Source,
    calibrate,
    explain_request,
    purge_cache,
    remove_cache_policy,
    set_cache_policy,
    set_threshold,
)

DAYS = {"24h": 1, "7d": 7, "30d": 30}
SAMPLES_SHOWN = 20


@require_GET
def caches(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    shown, start, end = _range(request)
    rows = overview(project, start, end)
    context = {"rows": rows, "range": shown, "ranges": list(DAYS), "may_edit": may_edit(request)}
    return render(request, "caching/caches.html", context)


@require_GET
def cache(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    shown, start, end = _range(request)
    hours = hours_of(project, policy.route, start, end)
    context = {
        "policy": policy,
        "figures": figures_by_route(project, start, end).get(policy.route, Figures()),
        "size": sizes_by_route(project, [policy.route])[policy.route],
        "lookups": charts.lookups(hours, start, end),
        "savings": charts.savings(hours, start, end),
        "false_hits": false_hits_of(policy),
        "range": shown,
        "ranges": list(DAYS),
        "may_edit": may_edit(request),
    }
    return render(request, "caching/cache.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    initial = {**stored(CacheChoice()), "route": request.GET.get("route", "")}
    form = NewPolicyForm(request.POST if request.method == "POST" else None, project=project, initial=initial)
    if form.is_valid():
        route = form.cleaned_data["route"]
        if policies_of(project).filter(route=route).exists():
            form.add_error("route", "This route has a cache already.")
        elif (policy := _saved(request, project, form, route)) is not None:
            return redirect("caching:cache", project.slug, policy.id)
    return render(request, "caching/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    form = PolicyForm(request.POST if request.method == "POST" else None, project=project, initial=stored(policy))
    if form.is_valid() and _saved(request, project, form, policy.route) is not None:
        return redirect("caching:cache", project.slug, policy.id)
    return render(request, "caching/edit.html", {"form": form, "policy": policy}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    form = CheckForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"policy": policy, "form": form, "may_edit": may_edit(request)}
    if form.is_valid():
        try:
            context["found"] = explain_request(policy=policy, **form.cleaned_data)
        except NotARequest as error:
            form.add_error("body", str(error))
    return render(request, "caching/check.html", context, status=422 if form.errors else 200)


@require_GET
def calibration(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    form = SourceForm(request.GET or {"source": Source.TRACES.value}, project=project)
    context: dict[str, Any] = {"policy": policy, "form": form, "may_edit": may_edit(request)}
    context |= {"false_hits": false_hits_of(policy), "samples": samples_of(policy)[:SAMPLES_SHOWN]}
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            found = calibrate(policy=policy, source=Source(chosen["source"]), dataset_version=chosen["version"])
        except CannotCalibrate as error:
            context["problem"] = str(error)
        else:
            drawn = charts.calibration(found.points, threshold=policy.threshold, budget=policy.false_hit_budget)
            context |= {"found": found, "chart": drawn}
    return render(request, "caching/calibration.html", context)


@require_POST
def use_threshold(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    try:
        set_threshold(actor=actor_of(request), policy=policy, threshold=float(request.POST.get("threshold", "")))
    except (ValidationError, ValueError):
        messages.error(request, "The threshold has to be a number between 0 and 1.")
    else:
        messages.success(request, "The new threshold holds from now on, and samples are counted anew.")
    return redirect("caching:calibration", project.slug, policy.id)


@require_POST
def purge(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    try:
        gone = purge_cache(actor=actor_of(request), policy=policy)
    except CacheAway as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{gone:,} answers of {policy} are forgotten.")
    return redirect("caching:cache", project.slug, policy.id)


@require_POST
def remove(request: HttpRequest, project_slug: str, policy_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    policy = get_object_or_404(policies_of(project), id=policy_id)
    remove_cache_policy(actor=actor_of(request), policy=policy)
    messages.success(request, f"{policy} has no cache any more.")
    return redirect("caching:caches", project.slug)


def _saved(request: HttpRequest, project: Project, form: PolicyForm, route: str) -> CachePolicy | None:
    """The policy as the form has it; None, with the errors in the form, where that makes no sense."""
    try:
        policy = set_cache_policy(actor=actor_of(request), project=project, route=route, choice=form.choice())
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, f"The cache of {route} is set.")
    return policy


def _range(request: HttpRequest) -> tuple[str, Any, Any]:
    """The name of the time that is shown, and its ends."""
    name = request.GET.get("range", "")
    name = name if name in DAYS else "7d"
    return name, *last_days(DAYS[name])
