"""One-time links: a random token for the person, its hash for the table."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from apps.accounts.domain.keys import digest_of

INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class NewToken:
    """text: 43 URL-safe characters, 256 random bits; digest: SHA-256 of the text, 32 bytes."""

    text: str
    digest: bytes


def new_token() -> NewToken:
    text = secrets.token_urlsafe(32)
    return NewToken(text=text, digest=digest_of(text))
