"""Refusing what the rules of `queries.authority` don't allow, with a reason."""

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, Project, User
from apps.accounts.queries import authority_of


class MemberRefused(Exception):
    """A change to members that may not be; its text is for the person who tried."""


def require_managing(user: User | None, membership: Membership) -> None:
    if not authority_of(user).may_manage(membership):
        raise MemberRefused(
            f"{membership.user} is {membership.rank.label} in {membership.place}. "
            "Only owners, or admins with a higher role there, can change that: ask one of them."
        )


def require_granting(user: User | None, organisation: Organisation, project: Project | None, role: Role) -> None:
    say = authority_of(user).over(organisation, project)
    if say is None or say < Role.ADMIN:
        raise MemberRefused(f"Only admins and owners of {project or organisation} can give roles in it.")
    if not say.may_grant(role):
        raise MemberRefused(f"You are {say.label} there and cannot make anyone {role.label}: ask an owner.")


def require_another_owner(membership: Membership) -> None:
    """Call with the organisation locked. Owners of single projects don't count: they can't reach the rest."""
    if membership.project_id or membership.rank is not Role.OWNER:
        return
    others = Membership.objects.filter(organisation=membership.organisation, project=None, role=Role.OWNER)
    if not others.exclude(id=membership.id).filter(user__is_active=True).exists():
        raise MemberRefused(
            f"{membership.user} is the last owner of {membership.organisation}. Make somebody else owner first."
        )


def lock(organisation: Organisation) -> None:
    """One change to an organisation's members at a time, so that two cannot remove the last two owners."""
    Organisation.objects.select_for_update().get(id=organisation.id)
