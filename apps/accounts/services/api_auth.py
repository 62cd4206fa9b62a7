"""The door of the JSON API: which key a request carries, and whether it may do this."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from apps.accounts.models import ApiKey
from apps.accounts.services.access import authenticate_key


class BearerKey(HttpBearer):
    """Authentication of a django-ninja operation by `Authorization: Bearer <key>`; `request.auth` is the ApiKey.

    With `scope`, the key must hold it; without, any secret key will do. Raises KeyRefused for a key that is no
    good or lacks the scope; a request without a key gets ninja's AuthenticationError.
    """

    def __init__(self, scope: str | None = None) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiKey | None:
        """Replaces ninja's reading of the header, which logs it (key and all) when the scheme is another one."""
        scheme, _, token = request.headers.get(self.header, "").partition(" ")
        return self.authenticate(request, token.strip()) if scheme.lower() == self.openapi_scheme else None

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return authenticate_key(token, scope=self.scope) if token else None


def key_of(request: HttpRequest) -> ApiKey:
    """The key that BearerKey let in; TypeError on an operation without it."""
    key = getattr(request, "auth", None)
    if not isinstance(key, ApiKey):
        raise TypeError("Only operations behind BearerKey have a key.")
    return key
