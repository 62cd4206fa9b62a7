"""The keys page. The text of a secret key leaves in the answer to the form that made it, and nowhere else."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.forms import PublicKeyForm, SecretKeyForm
from apps.accounts.models import ApiKey, Project
from apps.accounts.queries import keys_of
from apps.accounts.services import IssuedKey, actor_of, create_public_key, create_secret_key, open_project, revoke_key
from apps.accounts.views.common import keep_secret
from llmkit import clock


def keys(request: HttpRequest, project_slug: str) -> HttpResponse:
    return show(request, open_project(request, project_slug, at_least=Role.ENGINEER))


def show(
    request: HttpRequest,
    project: Project,
    *,
    secret_form: SecretKeyForm | None = None,
    public_form: PublicKeyForm | None = None,
    issued: IssuedKey | None = None,
) -> HttpResponse:
    """The page, or for htmx the part of it below the head."""
    rows, now = list(keys_of(project)), clock.now()
    context: dict[str, Any] = {
        "project": project,
        "secret_keys": [key for key in rows if key.kind == ApiKey.Kind.SECRET],
        "public_keys": [key for key in rows if key.kind == ApiKey.Kind.PUBLIC],
        "usable": {key.id for key in rows if key.is_usable(now)},
        "secret_form": secret_form or SecretKeyForm(),
        "public_form": public_form or PublicKeyForm(),
        "issued": issued,
    }
    part = "#body" if "HX-Request" in request.headers else ""
    wrong = any(form is not None and form.errors for form in (secret_form, public_form))
    response = render(request, f"accounts/keys.html{part}", context, status=422 if wrong else 200)
    return keep_secret(response)


@require_POST
def make_secret_key(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = SecretKeyForm(request.POST)
    if not form.is_valid():
        return show(request, project, secret_form=form)
    issued = create_secret_key(
        actor=actor_of(request),
        project=project,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        models_allowed=form.cleaned_data["models_allowed"],
        expires_at=form.expires_at(),
    )
    return show(request, project, issued=issued)


@require_POST
def make_public_key(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    form = PublicKeyForm(request.POST)
    if not form.is_valid():
        return show(request, project, public_form=form)
    issued = create_public_key(
        actor=actor_of(request),
        project=project,
        name=form.cleaned_data["name"],
        origins=form.cleaned_data["origins"],
    )
    return show(request, project, issued=issued)


def revoke(request: HttpRequest, project_slug: str, key_id: UUID) -> HttpResponse:
    """Asks first: what uses the key stops working."""
    project = open_project(request, project_slug, at_least=Role.ENGINEER)
    key = get_object_or_404(keys_of(project), id=key_id)
    if request.method != "POST":
        return render(request, "accounts/revoke_key.html", {"project": project, "key": key})
    revoke_key(actor=actor_of(request), key=key)
    messages.success(request, f"{key} is revoked.")
    return redirect("accounts:keys", project.slug)
