"""The models pages: providers, what they serve, and what it costs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.services import actor_of, may_edit, open_project
from apps.serving.forms import EndpointForm, FolderForm, ModelForm, PriceForm
from apps.serving.models import CatalogueModel
from apps.serving.queries import adapters_on, catalogue_of, models_of, origin_of, prices_of, providers_of
from apps.serving.services import (
    add_local_folder,
    add_model,
    change_endpoint,
    is_served,
    set_model_enabled,
    set_price,
    set_provider_enabled,
)
from llmkit import clock


@require_GET
def models(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    return render(request, "serving/models.html", {"catalogue": catalogue_of(project), "may_edit": may_edit(request)})


@require_GET
def model(request: HttpRequest, project_slug: str, model_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug)
    return show_model(request, get_object_or_404(models_of(project), id=model_id), PriceForm())


def show_model(request: HttpRequest, shown: CatalogueModel, form: PriceForm) -> HttpResponse:
    prices = list(prices_of(shown))
    current = next((price for price in prices if price.effective_from <= clock.now()), None)
    context: dict[str, Any] = {"model": shown, "prices": prices, "current": current, "form": form}
    context |= {"may_edit": may_edit(request), "origin": origin_of(shown), "adapters": adapters_on(shown)}
    return render(request, "serving/model.html", context, status=422 if form.errors else 200)


@require_POST
def price(request: HttpRequest, project_slug: str, model_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    priced = get_object_or_404(models_of(project), id=model_id)
    form = PriceForm(request.POST)
    if form.is_valid():
        prices = {**form.cleaned_data, "effective_from": form.cleaned_data["effective_from"] or clock.now()}
        try:
            set_price(actor=actor_of(request), model=priced, **prices)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The new price of {priced} is set.")
            return redirect("serving:model", project.slug, priced.id)
    return show_model(request, priced, form)


@require_http_methods(["GET", "POST"])
def new_model(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    posted = request.POST if request.method == "POST" else None
    form = ModelForm(posted, providers=providers_of(project), initial={"provider": request.GET.get("provider")})
    if form.is_valid():
        chosen = form.cleaned_data
        chosen["upstream_name"] = chosen["upstream_name"] or chosen["name"]
        try:
            added = add_model(actor=actor_of(request), **chosen)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{added} can be called. Set its price, so that its cost is counted.")
            return redirect("serving:model", project.slug, added.id)
    return render(request, "serving/new_model.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def new_folder(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = FolderForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            added = add_local_folder(actor=actor_of(request), project=project, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell_whether_served(request, added)
            return redirect("serving:model", project.slug, added.id)
    return render(request, "serving/new_folder.html", {"form": form}, status=422 if form.errors else 200)


def tell_whether_served(request: HttpRequest, added: CatalogueModel) -> None:
    if is_served(model=added):
        messages.success(request, f"{added} is registered: it can be finetuned and called.")
    else:
        text = f"{added} can be finetuned. To call it, start the engine with --name {added} for this folder."
        messages.warning(request, text)


@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, project_slug: str, provider_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    shown = get_object_or_404(providers_of(project).external(), id=provider_id)
    stored = {"base_url": shown.base_url, "allow_private": shown.allow_private}
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=stored, provider=shown)
    if form.is_valid():
        try:
            change_endpoint(actor=actor_of(request), provider=shown, endpoint=form.endpoint())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{shown} is changed.")
            return redirect("serving:models", project.slug)
    return render(
        request, "serving/provider.html", {"provider": shown, "form": form}, status=422 if form.errors else 200
    )


@require_POST
def switch_provider(request: HttpRequest, project_slug: str, provider_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    switched = get_object_or_404(providers_of(project), id=provider_id)
    set_provider_enabled(actor=actor_of(request), provider=switched, enabled=request.POST.get("enabled") == "1")
    return redirect("serving:models", project.slug)


@require_POST
def switch_model(request: HttpRequest, project_slug: str, model_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    switched = get_object_or_404(models_of(project), id=model_id)
    set_model_enabled(actor=actor_of(request), model=switched, enabled=request.POST.get("enabled") == "1")
    return redirect("serving:model", project.slug, switched.id)
