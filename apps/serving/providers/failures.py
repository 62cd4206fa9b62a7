"""Reading what providers say when something goes wrong, and taking out what nobody may see."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, ProviderError

MESSAGE_LIMIT = 2000
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
}
# For errors inside a 200 or a stream, where no status line says it.
_STATUSES = {
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "notfounderror": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "timeout_error": 504,
    "overloaded_error": 503,
}
# Keys with a usual prefix, masked ones included, and whatever follows "Bearer".
_KEYS = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.-]{8,}|(?<=\bBearer )\S+", re.IGNORECASE)
_CREDENTIAL_REFUSED = "The provider refused the credential that is stored for it."


def read_error(status: int, body: bytes, credential: str = "") -> ProviderError:
    """The provider's own words where they can be read; Anthropic's 529 becomes 503, which every client knows."""
    if status == 529:
        status = 503
    found = _fields(body)
    kind = found.get("type")
    if kind is None:
        kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    message = found.get("message") or f"The provider answered {_phrase(status)}."
    if status in (401, 403):
        message = _CREDENTIAL_REFUSED
    code, param = (redact(text, credential) if text else None for text in (found.get("code"), found.get("param")))
    return ProviderError(status, redact(message, credential), redact(kind, credential), code, param)


def error_in_body(error: Any, credential: str = "") -> ProviderError:
    """From the value of an "error" member in a 200 or a stream; its status is what code or type say, else 502."""
    return read_error(_status_of(error), msgspec.json.encode({"error": error}), credential)


def redact(text: str, credential: str = "") -> str:
    """The text, shortened, without the credential or anything that looks like a key."""
    if credential:
        text = text.replace(credential, "[credential]")
    return _KEYS.sub("[credential]", text)[:MESSAGE_LIMIT]


def _fields(body: bytes) -> dict[str, str]:
    """message, type, code and param as far as they are there; providers agree on little."""
    try:
        value = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("error", value)
    if isinstance(value, str):
        return {"message": value}
    if not isinstance(value, dict):
        return {}
    found = {name: _text(value.get(name)) for name in ("message", "type", "code", "param")}
    if found["message"] is None:
        found["message"] = _text(value.get("detail"))
    return {name: text for name, text in found.items() if text is not None}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return msgspec.json.encode(value).decode()


def _status_of(error: Any) -> int:
    if isinstance(error, dict):
        for name in ("code", "status", "status_code"):
            number = error.get(name)
            if isinstance(number, int | str) and str(number).isdigit() and 400 <= int(number) < 600:
                return int(number)
        for name in ("type", "code"):
            if status := _STATUSES.get(str(error.get(name)).lower()):
                return status
    return 502


def _phrase(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
