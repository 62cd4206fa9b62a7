from apps.accounts.models.audit import AuditEvent, ConfigVersion
from apps.accounts.models.keys import ApiKey
from apps.accounts.models.links import Invitation, PasswordReset
from apps.accounts.models.people import Membership, User, UserSession
from apps.accounts.models.tenancy import Organisation, Project

__all__ = [
    "ApiKey",
    "AuditEvent",
    "ConfigVersion",
    "Invitation",
    "Membership",
    "Organisation",
    "PasswordReset",
    "Project",
    "User",
    "UserSession",
]
