"""What a caller is told when the provider fails: who failed and how, never with which credential."""

from apps.gateway.proxy.asgi_types import Headers
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import (
    PoolExhausted,
    ProviderError,
    TransportError,
    Upstream,
    UpstreamTimeout,
)

ERROR_BODY_LIMIT = 256 * 1024


def unreachable(provider: str, error: TransportError) -> Refusal:
    """502, 503 or 504 for a call that brought no answer."""
    if isinstance(error, UpstreamTimeout):
        kind = error.kind.replace("_", " ")
        return Refusal(504, f"The provider '{provider}' did not answer in time ({kind}).", code="provider_timeout")
    if isinstance(error, PoolExhausted):
        busy = f"All connections to the provider '{provider}' are busy; try again shortly."
        return Refusal(503, busy, code="provider_busy", headers=((b"retry-after", b"1"),))
    return Refusal(502, f"The provider '{provider}' failed: {error}", code="provider_unreachable")


def answered_error(upstream: Upstream, status: int, body: bytes, retry_after: bytes | None) -> Refusal:
    """From an answer with a status that is not 200."""
    headers = ((b"retry-after", retry_after),) if retry_after else ()
    error = upstream.adapter.error(status, body, upstream.credential)
    return told(upstream.provider, error, headers)


def told(provider: str, error: ProviderError, headers: Headers = ()) -> Refusal:
    """The provider's error in its own words, with a status that tells whose fault it is."""
    if error.status in {401, 403}:
        return Refusal(
            502,
            f"The provider '{provider}' refused the credential that this project stored for it ({error.status}).",
            code="provider_credential_refused",
        )
    if 400 <= error.status < 500:
        message = f"The provider '{provider}' refused the request: {error.message}"
        kind, code = error.type, (error.code or error.type)[:100]
        return Refusal(error.status, message, code=code, param=error.param, headers=headers, kind=kind)
    status = error.status if error.status in {503, 504} else 502
    return Refusal(status, f"The provider '{provider}' failed: {error.message}", code="provider_error", headers=headers)


def not_understood(provider: str, what: str) -> Refusal:
    return Refusal(502, f"The provider '{provider}' sent {what}.", code="provider_protocol")
