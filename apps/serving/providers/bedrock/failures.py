"""Bedrock's errors: the status says it all, inside of a stream the exception's name does."""

from apps.serving.providers.base import ProviderError
from apps.serving.providers.failures import CONTEXT_LENGTH, TYPES, read_error, read_object, type_of

# A failing model is no fault of the request, whatever AWS's status says.
_STATUSES = {408: 504, 424: 502}
_EXCEPTIONS = {
    "validationException": 400,
    "accessDeniedException": 403,
    "resourceNotFoundException": 404,
    "throttlingException": 429,
    "modelStreamErrorException": 502,
    "internalServerException": 502,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 504,
}


def read(status: int, body: bytes, credential: str = "") -> ProviderError:
    status = _STATUSES.get(status, status)
    words = read_object(body)
    if "Message" in words and "message" not in words:  # the door before the service spells it so
        body = body.replace(b'"Message"', b'"message"', 1)
    return read_error(status, body, credential)


def in_stream(kind: str, payload: bytes) -> ProviderError | None:
    """None for an event that is no error."""
    if not kind.endswith(("Exception", "Error")):
        return None
    status = _EXCEPTIONS.get(kind, 502)
    found = read(status, payload)
    found.type = TYPES.get(status) or type_of(status)
    found.code = found.code if found.code == CONTEXT_LENGTH else kind
    return found
