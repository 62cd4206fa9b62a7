"""What a caller is told when the provider fails: who failed and how, never with which credential."""

import time

from apps.gateway.domain.policy import FailureKind
from apps.gateway.domain.retrying import Failure, kind_of_status, read_retry_after
from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import (
    ConnectFailed,
    ForbiddenAddress,
    InvalidRequest,
    PoolExhausted,
    ProviderError,
    Response,
    ResponseTooLarge,
    TlsFailed,
    TransportError,
    Upstream,
    UpstreamClosed,
    UpstreamTimeout,
)

ERROR_BODY_LIMIT = 256 * 1024
_RETRY_AFTER, _RETRY_AFTER_MS = b"retry-after", b"retry-after-ms"
_KINDS: tuple[tuple[type[TransportError], FailureKind | None], ...] = (
    (ConnectFailed, "connect"),
    (TlsFailed, "connect"),
    (ForbiddenAddress, "credential"),
    (PoolExhausted, "busy"),
    (UpstreamTimeout, "timeout"),
    (UpstreamClosed, "closed"),
    (ResponseTooLarge, None),
    (InvalidRequest, None),
)


class ProviderFailure(Refusal):
    """A target did not answer as it should; `failure` is what a route's policy looks at."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        failure: Failure,
        param: str | None = None,
        headers: Headers = (),
        kind: str | None = None,
    ) -> None:
        super().__init__(status, message, code=code, param=param, headers=headers, kind=kind)
        self.failure = failure


def unreachable(provider: str, error: TransportError) -> ProviderFailure:
    """502, 503 or 504 for a call that brought no answer."""
    failure = Failure(next((kind for known, kind in _KINDS if isinstance(error, known)), "protocol"))
    if isinstance(error, UpstreamTimeout):
        return _too_slow(provider, error.kind.replace("_", " "))
    if isinstance(error, PoolExhausted):
        busy = f"All connections to the provider '{provider}' are busy; try again shortly."
        headers = ((_RETRY_AFTER, b"1"),)
        return ProviderFailure(503, busy, code="provider_busy", headers=headers, failure=failure)
    message = f"The provider '{provider}' failed: {error}"
    return ProviderFailure(502, message, code="provider_unreachable", failure=failure)


def first_token_timeout(provider: str, milliseconds: int) -> ProviderFailure:
    return _too_slow(provider, f"no content after {milliseconds} ms")


def total_timeout(provider: str, milliseconds: int) -> ProviderFailure:
    return _too_slow(provider, f"no answer after {milliseconds} ms, all attempts together")


def _too_slow(provider: str, how: str) -> ProviderFailure:
    message = f"The provider '{provider}' did not answer in time ({how})."
    return ProviderFailure(504, message, code="provider_timeout", failure=Failure("timeout"))


def answered_error(upstream: Upstream, response: Response, body: bytes) -> ProviderFailure:
    """From an answer with a status that is not 200."""
    error = upstream.adapter.error(response.status, body, upstream.credential)
    given = [(name, response.header(name)) for name in (_RETRY_AFTER, _RETRY_AFTER_MS)]
    headers = tuple([(name, value) for name, value in given if value])
    return told(upstream.provider, error, headers)


def told(provider: str, error: ProviderError, headers: Headers = ()) -> ProviderFailure:
    """The provider's error in its own words, with a status that tells whose fault it is."""
    named = dict(headers)
    wait = read_retry_after(named.get(_RETRY_AFTER), named.get(_RETRY_AFTER_MS), time.time())
    failure = Failure(kind_of_status(error.status, error.code), wait)
    if error.status in {401, 403}:
        return ProviderFailure(
            502,
            f"The provider '{provider}' refused the credential that this project stored for it ({error.status}).",
            code="provider_credential_refused",
            failure=failure,
        )
    if 400 <= error.status < 500:
        message = f"The provider '{provider}' refused the request: {error.message}"
        return ProviderFailure(
            error.status,
            message,
            code=(error.code or error.type)[:100],
            param=error.param,
            headers=headers,
            kind=error.type,
            failure=failure,
        )
    status = error.status if error.status in {503, 504} else 502
    message = f"The provider '{provider}' failed: {error.message}"
    return ProviderFailure(status, message, code="provider_error", headers=headers, failure=failure)


def not_understood(provider: str, what: str) -> ProviderFailure:
    message = f"The provider '{provider}' sent {what}."
    return ProviderFailure(502, message, code="provider_protocol", failure=Failure("protocol"))


def unsupported(message: str, param: str | None) -> ProviderFailure:
    """This target can't do what the request asks for; another one may."""
    return ProviderFailure(400, message, code="unsupported_by_provider", param=param, failure=Failure("unsupported"))
