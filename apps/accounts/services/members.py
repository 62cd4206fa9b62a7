"""Changing and removing members."""

from django.db import transaction

from apps.accounts.domain.roles import Role
from apps.accounts.models import Invitation, Membership
from apps.accounts.services.audit import Actor, record_change
from apps.accounts.services.authority import (
    MemberRefused,
    lock,
    require_another_owner,
    require_granting,
    require_managing,
)
from llmkit import clock

__all__ = ["MemberRefused", "change_role", "remove_member"]


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: Role) -> None:
    """Give a member another role; MemberRefused where the actor may not, or for the last owner."""
    lock(membership.organisation)
    membership.refresh_from_db(fields=["role"])
    before = membership.rank
    require_managing(actor.user, membership)
    require_granting(actor.user, membership.organisation, membership.project, role)
    if role == before:
        return
    if role is not Role.OWNER:
        require_another_owner(membership)
    membership.change_role(role)
    _withdraw_invitations(membership, above=role if role >= Role.ADMIN else None)
    _record(actor, "member.role_changed", membership, {"from": before.label, "to": role.label})


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership) -> None:
    """End a membership; everyone may end their own. MemberRefused as in change_role."""
    lock(membership.organisation)
    membership.refresh_from_db(fields=["role"])
    if actor.user != membership.user:
        require_managing(actor.user, membership)
    require_another_owner(membership)
    _withdraw_invitations(membership, above=None)
    action = "member.left" if actor.user == membership.user else "member.removed"
    _record(actor, action, membership, {"role": membership.rank.label})
    membership.delete()


def _withdraw_invitations(membership: Membership, *, above: Role | None) -> None:
    """Open invitations that the member could not make any more lose their force with the role behind them."""
    invitations = Invitation.objects.open(clock.now()).filter(
        organisation=membership.organisation, invited_by=membership.user
    )
    if membership.project:
        invitations = invitations.filter(project=membership.project)
    if above is not None:
        invitations = invitations.filter(role__gt=above)
    invitations.update(withdrawn_at=clock.now())


def _record(actor: Actor, action: str, membership: Membership, detail: dict[str, str]) -> None:
    record_change(
        actor=actor,
        action=action,
        target=membership.user.email,
        project=membership.project,
        organisation=membership.organisation,
        detail=detail,
    )
