"""Who may do what in a project, as an ordered scale."""

from enum import IntEnum


class Role(IntEnum):
    """A higher role may do everything that a lower one may."""

    VIEWER = 10
    ANNOTATOR = 20
    ENGINEER = 30
    ADMIN = 40
    OWNER = 50

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def may(self) -> str:
        """What a member with this role does, for people who choose one."""
        return MAY[self]

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        return [(role.value, role.label) for role in cls]

    def may_manage(self, other: "Role") -> bool:
        """Whether this role may change or remove a member with role `other`: admins those below, owners all."""
        return self is Role.OWNER or (self >= Role.ADMIN and other < self)

    def may_grant(self, other: "Role") -> bool:
        """Whether this role may give `other` to somebody: nobody raises anyone above themselves."""
        return self >= Role.ADMIN and other <= self


MAY = {
    Role.VIEWER: "Sees traces, feedback, figures and settings.",
    Role.ANNOTATOR: "Like a viewer, and judges answers and writes annotations.",
    Role.ENGINEER: "Like an annotator, and changes routes, prompts and providers and manages API keys.",
    Role.ADMIN: "Like an engineer, and manages members, invitations and projects and reads the audit log.",
    Role.OWNER: "Like an admin, and manages other admins and owners.",
}
