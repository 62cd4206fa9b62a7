"""The name under which an answer is kept: equal for requests that mean the same, for the same callers only."""

from hashlib import blake2b
from typing import Any, NamedTuple

from apps.caching.domain.canonical import canonical_bytes
from apps.caching.domain.policy import Scope

# Raise it when the canonical form changes: what was stored under another one is never found again.
FORM = 1
DIGEST_BYTES = 32


class Owner(NamedTuple):
    """Whose answers these are. kind: project, session, user or key; value and second name who within the project."""

    project_id: str
    kind: str
    value: str = ""
    second: str = ""

    @property
    def named(self) -> bool:
        """Whether the caller said for whom it asks, or shares with the whole project on purpose."""
        return self.kind != "key"

    @property
    def label(self) -> str:
        return ":".join(filter(None, [self.kind, self.value[:200], self.second[:200]])).replace("\0", "")


def owner_of(scope: Scope, *, project_id: str, user: str, session: str, key_id: str) -> Owner | None:
    """None where the scope is a session and the request names none.

    A request that names no user belongs to its key: whoever holds the key is one caller.
    """
    if scope == Scope.PROJECT:
        return Owner(project_id, "project")
    if scope == Scope.SESSION:
        # Session names are the application's own and may repeat from user to user.
        return Owner(project_id, "session", session, user) if session else None
    return Owner(project_id, "user", user) if user else Owner(project_id, "key", key_id)


def fingerprint(canonical: dict[str, Any], *, owner: Owner, route: str, answers_as: str) -> bytes:
    """32 bytes. `canonical`: from `canonicalise`; `answers_as`: what answers, such as route version and model."""
    place = [FORM, *owner, route, answers_as]
    return blake2b(canonical_bytes([place, canonical]), digest_size=DIGEST_BYTES).digest()
