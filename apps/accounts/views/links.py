"""Behind one-time links: invitations and new passwords."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts.domain.roles import Role
from apps.accounts.forms import JoinForm, NewPasswordForm
from apps.accounts.models import Invitation, User
from apps.accounts.services.audit import ip_of
from apps.accounts.services.invitations import (
    LinkRefused,
    accept_invitation,
    join_as_new_user,
    open_invitation,
)
from apps.accounts.services.passwords import open_reset, reset_password
from apps.accounts.services.signing_in import enter
from apps.accounts.views.common import show_form


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    try:
        invited = open_invitation(token)
        if isinstance(request.user, User):
            return _join_as(request, token, invited, request.user)
        return _join_as_stranger(request, token, invited)
    except LinkRefused as refusal:
        return refused(request, refusal)


def _join_as(request: HttpRequest, token: str, invited: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        accept_invitation(token=token, user=user, ip=ip_of(request))
        messages.success(request, f"You are now a member of {invited.place}.")
        return redirect("accounts:root")
    fits = not invited.email or invited.email == user.email
    return render(request, "accounts/invitation.html", facts(invited) | {"fits": fits})


def _join_as_stranger(request: HttpRequest, token: str, invited: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, invited_email=invited.email)
    if request.method == "POST" and form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in ("email", "name", "password")}
        try:
            user = join_as_new_user(token=token, **wanted, ip=ip_of(request))
        except ValidationError as taken:
            form.add_error(None, taken)
        else:
            enter(request, user)
            return redirect("accounts:root")
    return show_form(request, "accounts/join.html", form, **facts(invited))


def facts(invited: Invitation) -> dict[str, object]:
    role = Role(invited.role)
    return {"invitation": invited, "invited_role": role.label, "may": role.may, "place": invited.place}


def refused(request: HttpRequest, refusal: LinkRefused) -> HttpResponse:
    """410: the link was good once, or never; either way it will not become good again."""
    return render(request, "accounts/link_refused.html", {"reason": str(refusal)}, status=410)


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
def reset(request: HttpRequest, token: str) -> HttpResponse:
    try:
        person = open_reset(token).user
        form = NewPasswordForm(request.POST or None, user=person)
        if request.method != "POST" or not form.is_valid():
            return show_form(request, "accounts/reset.html", form, person=person)
        reset_password(token=token, password=form.cleaned_data["password"], ip=ip_of(request))
    except LinkRefused as refusal:
        return refused(request, refusal)
    messages.success(request, "Your password is set. Sign in with it.")
    return redirect("accounts:sign_in")
