"""What the pages of accounts read, and the rules of who may manage whom."""

from apps.accounts.queries.audit import (
    AuditFilter,
    AuditPage,
    audit_actions,
    audit_actors,
    audit_events_of,
    audit_page,
)
from apps.accounts.queries.authority import Authority, authority_of, sees_whole_organisation
from apps.accounts.queries.keys import keys_of
from apps.accounts.queries.people import (
    MemberRow,
    grantable_roles,
    member_rows,
    members_of,
    open_invitations_of,
    sessions_of,
)

__all__ = [
    "AuditFilter",
    "AuditPage",
    "Authority",
    "MemberRow",
    "audit_actions",
    "audit_actors",
    "audit_events_of",
    "audit_page",
    "authority_of",
    "grantable_roles",
    "keys_of",
    "member_rows",
    "members_of",
    "open_invitations_of",
    "sees_whole_organisation",
    "sessions_of",
]
