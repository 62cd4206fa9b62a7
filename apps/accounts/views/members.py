"""The members page: who may enter the project, and as what."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.domain.roles import Role
from apps.accounts.forms import InvitationForm, RoleForm
from apps.accounts.models import Project
from apps.accounts.queries import (
    authority_of,
    grantable_roles,
    member_rows,
    members_of,
    open_invitations_of,
    sees_whole_organisation,
)
from apps.accounts.services import actor_of, open_project
from apps.accounts.services.authority import MemberRefused
from apps.accounts.services.invitations import invite, withdraw_invitation
from apps.accounts.services.members import change_role, remove_member
from apps.accounts.services.passwords import make_reset_link
from apps.accounts.views.common import keep_secret, link_to, user_of


def members(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    return render(request, "accounts/members.html", page_of(request, project))


def page_of(request: HttpRequest, project: Project, form: InvitationForm | None = None) -> dict[str, Any]:
    """What every rendering of the members page shows; only admins see invitations."""
    context: dict[str, Any] = {"project": project, "rows": member_rows(project, user_of(request))}
    say = authority_of(user_of(request))
    if (say.over(project.organisation, project) or Role.VIEWER) < Role.ADMIN:
        return context
    invitations = open_invitations_of(project, whole_organisation=sees_whole_organisation(project, user_of(request)))
    return context | {"manages": True, "invitations": invitations, "form": form or invitation_form(request, project)}


def invitation_form(request: HttpRequest, project: Project, data: QueryDict | None = None) -> InvitationForm:
    return InvitationForm(
        data,
        roles=grantable_roles(authority_of(user_of(request)), project, project),
        whole_organisation=sees_whole_organisation(project, user_of(request)),
    )


@require_POST
def invite_member(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ADMIN)
    form = invitation_form(request, project, request.POST)
    if form.is_valid():
        try:
            made = invite(actor=actor_of(request), project=project, **form.cleaned_data)
        except MemberRefused as refusal:
            form.add_error("role", str(refusal))
        else:
            context = page_of(request, project) | {"invited": made.invitation}
            context["link"] = link_to(request, "accounts:invitation", made.token)
            return keep_secret(render(request, "accounts/members.html", context))
    return render(request, "accounts/members.html", page_of(request, project, form), status=422)


@require_POST
def withdraw(request: HttpRequest, project_slug: str, invitation_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ADMIN)
    rows = open_invitations_of(project, whole_organisation=True)
    invitation = get_object_or_404(rows, id=invitation_id)
    return attempt(
        request,
        project,
        lambda: withdraw_invitation(actor=actor_of(request), invitation=invitation),
        done="The invitation is withdrawn: its link no longer works.",
    )


@require_POST
def set_role(request: HttpRequest, project_slug: str, membership_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ADMIN)
    membership = get_object_or_404(members_of(project), id=membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("accounts:members", project.slug)
    role = form.cleaned_data["role"]
    return attempt(
        request,
        project,
        lambda: change_role(actor=actor_of(request), membership=membership, role=role),
        done=f"{membership.user} is now {role.label}.",
    )


def remove(request: HttpRequest, project_slug: str, membership_id: UUID) -> HttpResponse:
    """Asks first; everyone may remove themselves."""
    project = open_project(request, project_slug)
    membership = get_object_or_404(members_of(project), id=membership_id)
    leaving = membership.user == user_of(request)
    if request.method != "POST":
        context = {"project": project, "membership": membership, "leaving": leaving}
        return render(request, "accounts/remove_member.html", context)
    return attempt(
        request,
        project,
        lambda: remove_member(actor=actor_of(request), membership=membership),
        done=f"You have left {membership.place}." if leaving else f"{membership.user} is no longer a member.",
        to="accounts:root" if leaving else None,
    )


@require_POST
def reset_link(request: HttpRequest, project_slug: str, membership_id: UUID) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ADMIN)
    person = get_object_or_404(members_of(project), id=membership_id).user
    try:
        token = make_reset_link(actor=actor_of(request), person=person)
    except MemberRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:members", project.slug)
    context = page_of(request, project) | {"reset_for": person, "link": link_to(request, "accounts:reset", token)}
    return keep_secret(render(request, "accounts/members.html", context))


def attempt(
    request: HttpRequest, project: Project, change: Callable[[], None], *, done: str, to: str | None = None
) -> HttpResponse:
    """Do it, say so, and go back to the page; or say why not."""
    try:
        change()
    except MemberRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:members", project.slug)
    messages.success(request, done)
    return redirect(to) if to else redirect("accounts:members", project.slug)
