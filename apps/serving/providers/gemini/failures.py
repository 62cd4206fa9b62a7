"""Google's errors: an HTTP code, a status in capitals, and details that sometimes say more."""

from typing import Any

import msgspec

from apps.serving.providers.base import ProviderError
from apps.serving.providers.failures import read_error, read_object, type_of

_BAD_KEY = "API_KEY_INVALID"


def read(status: int, body: bytes, credential: str = "") -> ProviderError:
    """Google answers 400 to a key that it doesn't know, which is our operator's trouble and not the caller's."""
    error = read_object(body).get("error")
    error = error if isinstance(error, dict) else {}
    if status == 400 and _BAD_KEY in msgspec.json.encode(error.get("details")).decode():
        status = 401
    found = read_error(status, body, credential)
    found.type = type_of(found.status)
    if found.code is None or found.code.isdigit():
        named = error.get("status")
        found.code = named.lower() if isinstance(named, str) else None
    return found


def in_answer(error: Any) -> ProviderError:
    """From the "error" member of a 200 or of an event."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return read(status, msgspec.json.encode({"error": error}))
