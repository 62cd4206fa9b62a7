"""A user's own account: name, password, and where they are signed in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts.forms import PasswordChangeForm, ProfileForm
from apps.accounts.queries import sessions_of
from apps.accounts.services.passwords import change_password
from apps.accounts.services.people import rename_user
from apps.accounts.services.sessions import end_other_sessions, end_session
from apps.accounts.views.common import show_form, user_of


def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, initial={"name": user_of(request).name})
    if request.method == "POST" and form.is_valid():
        rename_user(request, name=form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("accounts:profile")
    return show_form(request, "accounts/profile.html", form)


@sensitive_post_parameters("current", "password", "password_again")
def password(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = PasswordChangeForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        change_password(request, user=user, password=form.cleaned_data["password"])
        messages.success(request, "Your password is changed. All your other browsers are signed out.")
        return redirect("accounts:profile")
    return show_form(request, "accounts/password.html", form)


def sessions(request: HttpRequest) -> HttpResponse:
    rows = sessions_of(user_of(request))
    return render(request, "accounts/sessions.html", {"sessions": rows, "here": request.session.session_key})


@require_POST
def end_one_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = get_object_or_404(sessions_of(user_of(request)), id=session_id)
    end_session(request, session=session)
    messages.success(request, f"Signed out: {session.device}.")
    return redirect("accounts:sessions")


@require_POST
def end_all_other_sessions(request: HttpRequest) -> HttpResponse:
    ended = end_other_sessions(request)
    messages.success(request, f"Signed out in {ended} other browser{'' if ended == 1 else 's'}.")
    return redirect("accounts:sessions")
