"""Provider credentials at rest: encrypted with the installation's keys, readable only on the way to the provider."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CredentialUnreadable(Exception):
    """The stored credential was encrypted with a key that this installation no longer has."""


def encrypt_credential(text: str) -> str:
    """A Fernet token under the newest key; "" stays "", for providers that ask for no key."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode() if text else ""


def decrypt_credential(token: str) -> str:
    """The credential in a token of any of the installation's keys; CredentialUnreadable otherwise."""
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode() if token else ""
    except InvalidToken:
        raise CredentialUnreadable("its credential cannot be decrypted with this installation's keys.") from None


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
