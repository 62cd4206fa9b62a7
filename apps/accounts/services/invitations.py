"""Invitations by link."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.domain.keys import digest_of
from apps.accounts.domain.links import INVITATION_LIFETIME, new_token
from apps.accounts.domain.roles import Role
from apps.accounts.models import Invitation, Membership, Project, User
from apps.accounts.services.audit import Actor, record_change
from apps.accounts.services.authority import require_granting
from llmkit import clock


class LinkRefused(Exception):
    """A one-time link that is no good any more; its text says why and what to do."""


@dataclass(frozen=True)
class IssuedInvitation:
    """A stored invitation and the token of its link, which cannot be had again."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite(
    *, actor: Actor, project: Project, role: Role, email: str = "", this_project_only: bool = False
) -> IssuedInvitation:
    """A link, good for seven days and one person; MemberRefused when the actor may not give this role there."""
    place = project if this_project_only else None
    require_granting(actor.user, project.organisation, place, role)
    token = new_token()
    invitation = Invitation.objects.create(
        organisation=project.organisation,
        project=place,
        role=role,
        email=email.strip().lower(),
        token_digest=token.digest,
        invited_by=actor.user,
        expires_at=clock.now() + INVITATION_LIFETIME,
    )
    _record(actor, "invitation.created", invitation)
    return IssuedInvitation(invitation=invitation, token=token.text)


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: Invitation) -> None:
    """Make an open invitation worthless; nothing happens to one that is used up already."""
    locked = Invitation.objects.select_for_update(of=("self",)).get(id=invitation.id)
    require_granting(actor.user, locked.organisation, locked.project, Role(locked.role))
    if locked.is_open(clock.now()):
        locked.withdraw(clock.now())
        _record(actor, "invitation.withdrawn", locked)


def open_invitation(token: str, *, lock: bool = False) -> Invitation:
    """The invitation behind a link while it can be used; LinkRefused says why it can't. `lock` needs a transaction."""
    rows = Invitation.objects.select_related("organisation", "project", "invited_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    invitation = rows.filter(token_digest=digest_of(token)).first()
    ask = "Ask whoever invited you for a new link."
    if invitation is None:
        raise LinkRefused(f"There is no such invitation. Check that the link is complete. {ask}")
    if invitation.accepted_at is not None:
        raise LinkRefused(f"This invitation has been used already. If it was you, sign in; if not: {ask.lower()}")
    if invitation.withdrawn_at is not None:
        raise LinkRefused(f"This invitation has been withdrawn. {ask}")
    if not invitation.is_open(clock.now()):
        raise LinkRefused(f"This invitation has expired. {ask}")
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User, ip: str | None) -> Invitation:
    """Make an existing user a member; of two who try at once only one gets in. LinkRefused otherwise.

    Who has a role there already keeps the higher of the two.
    """
    invitation = open_invitation(token, lock=True)
    if invitation.email and invitation.email != user.email:
        raise LinkRefused(f"This invitation is for {invitation.email}, and you are {user.email}. Sign out first.")
    membership, new = Membership.objects.get_or_create(
        organisation=invitation.organisation,
        project=invitation.project,
        user=user,
        defaults={"role": invitation.role},
    )
    if not new and membership.role < invitation.role:
        membership.change_role(Role(invitation.role))
    invitation.mark_accepted(user, clock.now())
    _record(Actor(user=user, ip=ip), "invitation.accepted", invitation)
    return invitation


@transaction.atomic
def join_as_new_user(*, token: str, email: str, name: str, password: str, ip: str | None) -> User:
    """Make an account and a member of it; ValidationError naming `email` when that person has an account already."""
    invitation = open_invitation(token, lock=True)
    email = invitation.email or email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise ValidationError({"email": f"{email} has an account here already. Sign in, then open this link again."})
    user = User.objects.create_user(email, password, name=name.strip())
    accept_invitation(token=token, user=user, ip=ip)
    return user


def _record(actor: Actor, action: str, invitation: Invitation) -> None:
    record_change(
        actor=actor,
        action=action,
        target=str(invitation),
        project=invitation.project,
        organisation=invitation.organisation,
        detail={"email": invitation.email} if invitation.email else {},
    )
