"""Whose request is this: the key is looked up by its digest in the snapshot."""

import hashlib
from collections.abc import Mapping

from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import KeyEntry

SCHEME = b"bearer "
CHALLENGE = ((b"www-authenticate", b"Bearer"),)


class KeyRefusal(Refusal):
    """A refused key; `key` is known unless the text belongs to no key at all."""

    def __init__(self, status: int, message: str, *, code: str, key: KeyEntry | None = None) -> None:
        super().__init__(status, message, code=code, headers=CHALLENGE if status == 401 else ())
        self.key = key


def authenticate(authorization: bytes, keys: Mapping[bytes, KeyEntry], now_ns: int) -> KeyEntry:
    """The usable key in an Authorization header; KeyRefusal otherwise.

    Whatever is wrong, the text is hashed and looked up first: how long the answer takes tells nothing about it.
    """
    text = authorization[len(SCHEME) :].strip(b" ")
    key = keys.get(hashlib.sha256(text).digest())
    if key is not None and key.usable_until_ns > now_ns and authorization[: len(SCHEME)].lower() == SCHEME:
        if not key.may_call:
            raise KeyRefusal(403, "This API key lacks the scope 'gateway'.", code="scope_missing", key=key)
        return key
    raise _refusal(authorization, key)


def _refusal(authorization: bytes, key: KeyEntry | None) -> KeyRefusal:
    if authorization[: len(SCHEME)].lower() != SCHEME:
        return KeyRefusal(401, "Send an API key: 'Authorization: Bearer fw_sk_…'.", code="missing_api_key")
    if key is None:
        return KeyRefusal(401, "This API key does not exist.", code="invalid_api_key")
    if key.revoked:
        return KeyRefusal(401, "This API key has been revoked.", code="revoked_api_key", key=key)
    return KeyRefusal(401, "This API key has expired.", code="expired_api_key", key=key)
