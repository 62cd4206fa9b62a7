"""What the members page and the sessions page read."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.accounts.domain.roles import Role
from apps.accounts.models import Invitation, Membership, Project, User, UserSession
from apps.accounts.queries.authority import Authority, authority_of
from llmkit import clock


@dataclass(frozen=True)
class MemberRow:
    """One membership, and what the reader may do with it. `roles`: what they may make of it; none: nothing."""

    membership: Membership
    is_self: bool
    may_remove: bool
    may_reset: bool
    roles: list[Role]


def members_of(project: Project) -> QuerySet[Membership]:
    """Everyone who may enter the project, the highest roles first; who is a member twice stands there twice."""
    return (
        Membership.objects.reaching(project)
        .select_related("user", "organisation", "project")
        .order_by("-role", "user__name", "user__email", "id")
    )


def member_rows(project: Project, reader: User) -> list[MemberRow]:
    authority, members = authority_of(reader), list(members_of(project))
    everywhere = defaultdict(list)
    for membership in Membership.objects.filter(user__in={member.user_id for member in members}).select_related(
        "organisation", "project"
    ):
        everywhere[membership.user_id].append(membership)
    return [_row(member, authority, everywhere[member.user_id]) for member in members]


def _row(member: Membership, authority: Authority, everywhere: list[Membership]) -> MemberRow:
    is_self = member.user == authority.user
    managed = authority.may_manage(member)
    return MemberRow(
        membership=member,
        is_self=is_self,
        may_remove=managed or is_self,
        may_reset=authority.may_reset_password(member.user, everywhere),
        roles=grantable_roles(authority, member.project, member) if managed else [],
    )


def grantable_roles(authority: Authority, project: Project | None, place: Membership | Project) -> list[Role]:
    """Roles that may be given in `project`, or in the whole organisation of `place` without one; highest first."""
    say = authority.over(place.organisation, project)
    return [role for role in reversed(Role) if say is not None and say.may_grant(role)]


def open_invitations_of(project: Project, *, whole_organisation: bool) -> QuerySet[Invitation]:
    """Invitations into the project that can still be used, with those into its organisation where asked for."""
    rows = Invitation.objects.open(clock.now()).reaching(project)
    rows = rows if whole_organisation else rows.filter(project=project)
    return rows.select_related("organisation", "project", "invited_by").order_by("-created_at", "-id")


def sessions_of(user: User) -> QuerySet[UserSession]:
    return UserSession.objects.filter(user=user).order_by("-last_seen_at", "-id")
