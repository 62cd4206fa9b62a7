"""API keys as text: how they are made, recognised and hashed."""

import hashlib
import secrets
from dataclasses import dataclass

SECRET_PREFIX = "fw_sk_"
PUBLIC_PREFIX = "fw_pk_"

# What a secret key may be used for. A public key may only ever write feedback.
SCOPES = {
    "gateway": "Call models through /v1",
    "read": "Read traces, feedback and settings over the API",
    "write": "Write feedback, traces and definitions over the API",
}


@dataclass(frozen=True)
class NewKey:
    """A key as its owner sees it once. digest: SHA-256 of the text, 32 bytes; hint: what pages may show."""

    text: str
    digest: bytes
    hint: str


def new_key(prefix: str) -> NewKey:
    """256 random bits behind `prefix`."""
    text = prefix + secrets.token_urlsafe(32)
    return NewKey(text=text, digest=digest_of(text), hint=f"{text[:10]}…{text[-4:]}")


def digest_of(text: str) -> bytes:
    """A plain SHA-256 is enough for 256 random bits: there is nothing to guess that a slow hash would protect."""
    return hashlib.sha256(text.encode()).digest()
