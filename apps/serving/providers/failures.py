"""Reading what providers say when something goes wrong, and taking out what nobody may see."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from apps.serving.providers.base import UNREADABLE, ProviderError

MESSAGE_LIMIT = 2000
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
# For errors inside a 200 or a stream, where no status line says it.
_STATUSES = {
    "invalid_request_error": 400,
    "badrequesterror": 400,
    "content_filter": 400,
    "context_length_exceeded": 400,
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
_KEYS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.-]{8,}|\bAIza[\w-]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|(?<=\bBearer )\S+",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|script)\b", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"maximum context length|context window|prompt is too long|input is too long|too many (?:input )?tokens"
    r"|input token count .* exceeds|exceeds? the (?:model's )?(?:maximum|context)|too large for model",
    re.IGNORECASE,
)
_CREDENTIAL_REFUSED = "The provider refused the credential that is stored for it."
CONTEXT_LENGTH = "context_length_exceeded"


def read_error(status: int, body: bytes, credential: str = "") -> ProviderError:
    """The provider's own words where they can be read; Anthropic's 529 becomes 503, which every client knows."""
    if status == 529:
        status = 503
    found = _fields(body)
    message = found.get("message") or ""
    code, param = found.get("code"), found.get("param")
    if status in (400, 413, 422) and code != CONTEXT_LENGTH and _TOO_LONG.search(message):
        code = CONTEXT_LENGTH
    return _told(status, message, found.get("type"), code, param, credential)


def _told(
    status: int,
    message: str,
    kind: str | None = None,
    code: str | None = None,
    param: str | None = None,
    credential: str = "",
) -> ProviderError:
    """What a provider said, without what nobody may see; the status says it where the provider didn't."""
    if status in (401, 403):
        message = _CREDENTIAL_REFUSED
    elif not message or _MARKUP.search(message):
        message = f"The provider answered {_phrase(status)}."
    kind = kind or type_of(status)
    code, param = (redact(text, credential) if text else None for text in (code, param))
    return ProviderError(status, redact(message, credential), redact(kind, credential), code, param)


def error_in_body(error: Any, credential: str = "") -> ProviderError:
    """From the value of an "error" member in a 200 or a stream; its status is what code or type say, else 502."""
    return read_error(_status_of(error), msgspec.json.encode({"error": error}), credential)


def type_of(status: int) -> str:
    return TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def redact(text: str, credential: str = "") -> str:
    """The text, shortened, without the credential or anything that looks like a key."""
    for secret in _secrets(credential):
        text = text.replace(secret, "[credential]")
    return _KEYS.sub("[credential]", text)[:MESSAGE_LIMIT]


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object, or the first one of a list; empty for everything else."""
    try:
        value = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _secrets(credential: str) -> list[str]:
    """The credential, and of one that is a JSON object its texts."""
    if not credential:
        return []
    if not credential.startswith("{"):
        return [credential]
    return [credential, *(text for text in read_object(credential.encode()).values() if isinstance(text, str) and text)]


def _fields(body: bytes) -> dict[str, str]:
    """message, type, code and param as far as they are there; providers agree on little."""
    whole = read_object(body)
    value = whole.get("error") or whole
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
