"""Who may manage whom: the rules behind the members page."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, Project, User


@dataclass(frozen=True)
class Authority:
    """What a user's memberships let them do to other members; read once, then asked about many."""

    user: User | None
    roles: dict[tuple[UUID, UUID | None], Role]

    def over(self, organisation: Organisation, project: Project | None) -> Role | None:
        """The user's say in one place. In a whole organisation, roles in single projects give none."""
        places = {(organisation.id, None), (organisation.id, project.id if project else None)}
        return max((self.roles[place] for place in places if place in self.roles), default=None)

    def may_manage(self, membership: Membership) -> bool:
        say = self.over(membership.organisation, membership.project)
        return say is not None and say.may_manage(membership.rank)

    def may_reset_password(self, person: User, memberships: Iterable[Membership]) -> bool:
        """Whoever sets a password gains all that its owner may do: every membership of theirs has to be below."""
        theirs = list(memberships)
        return person != self.user and bool(theirs) and all(map(self.may_manage, theirs))


def authority_of(user: User | None) -> Authority:
    own = Membership.objects.filter(user=user) if user else Membership.objects.none()
    return Authority(user=user, roles={(row.organisation_id, row.project_id): row.rank for row in own})


def sees_whole_organisation(project: Project, user: User) -> bool:
    """Whether the user is an admin of the whole organisation, and not of this project alone."""
    say = authority_of(user).over(project.organisation, None)
    return say is not None and say >= Role.ADMIN
