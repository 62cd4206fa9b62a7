"""Small things that several views need."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts.models import User


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a page that SignInRequiredMiddleware guards."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This page is open to strangers, so it may have no user.")
    return user


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: the page asked for when it is one of ours, else the start page."""
    target: str = request.POST.get("next") or request.GET.get("next") or ""
    local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if local else reverse("accounts:root")


def link_to(request: HttpRequest, name: str, token: str) -> str:
    """A whole URL to hand over, on the host that the admin sees."""
    return request.build_absolute_uri(reverse(name, args=[token]))


def show_form(request: HttpRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    """A page with a form: 422 when what was sent does not hold."""
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def keep_secret(response: HttpResponse) -> HttpResponse:
    """For pages that show a secret once: no cache and no history may keep them."""
    add_never_cache_headers(response)
    patch_cache_control(response, no_store=True, private=True)
    return response
