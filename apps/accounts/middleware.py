"""Sends strangers to the sign-in page, and keeps the sessions page true."""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.models import Project
from apps.accounts.services.sessions import note_session_used

GetResponse = Callable[[HttpRequest], HttpResponse]


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, but it leads back to a page: a form's target or an htmx part of a page is none."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        by_htmx = "HX-Request" in request.headers
        if request.method in {"GET", "HEAD"} and not by_htmx:
            return super().handle_no_permission(request, view_func)
        back = page_of(request.headers.get("HX-Current-URL" if by_htmx else "Referer", ""))
        response = redirect_to_login(back, resolve_url(self.get_login_url(view_func)))
        return cast(HttpResponseRedirect, HttpResponseClientRedirect(response.url)) if by_htmx else response


def page_of(url: str) -> str:
    """A URL without its host; the start page where none can be read."""
    try:
        return urlsplit(url)._replace(scheme="", netloc="").geturl() or "/"
    except ValueError:
        return "/"


class TrackSessionMiddleware:
    """Notes when a browser session was last used, and which project it was in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            project = getattr(request, "project", None)
            note_session_used(request, project=project if isinstance(project, Project) else None)
        return response
