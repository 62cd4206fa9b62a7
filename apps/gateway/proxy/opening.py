"""The beginning of a stream: held back until it is known to be an answer, so that an error still gets its status."""

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.attempts.opened import Stream
from apps.gateway.proxy.provider_errors import ERROR_BODY_LIMIT, ProviderFailure, answered_error, not_understood, told
from apps.gateway.proxy.relayed import NotUnderstood
from apps.serving.services import Response, observe_body

UNREADABLE_EVENT = "an event that is not a part of an answer"
# Of events without content, after which the rest is passed on as it comes.
MOST_HELD = 64 * 1024


async def first_events(attempt: Attempt, response: Response, stream: Stream) -> bytes:
    """What the caller gets up to the first content; ProviderFailure for everything that is no answer."""
    provider = attempt.upstream.provider
    if response.status != 200:
        raise answered_error(attempt.upstream, response, await response.read(ERROR_BODY_LIMIT))
    if (response.header(b"content-type") or b"").startswith(b"application/json"):
        raise _not_a_stream(provider, await response.read(ERROR_BODY_LIMIT))
    try:
        out = await _up_to_content(attempt, response, stream)
    except NotUnderstood as error:
        raise not_understood(provider, UNREADABLE_EVENT) from error
    if stream.error is not None and not attempt.first_chunk_ns:
        raise told(provider, stream.error)
    if not out and not stream.done:
        raise not_understood(provider, "an empty stream")
    return out


async def _up_to_content(attempt: Attempt, response: Response, stream: Stream) -> bytes:
    held, size = [], 0
    while not attempt.first_chunk_ns and not stream.over and size <= MOST_HELD:
        chunk = await response.next_chunk()
        out = stream.feed(chunk) if chunk else stream.end()
        held.append(out)
        size += len(out)
        if not chunk:
            break
    return b"".join(held)


def _not_a_stream(provider: str, body: bytes) -> ProviderFailure:
    """Some providers answer in one piece when something is wrong, with status 200 all the same."""
    error = observe_body(body).error
    if error is not None:
        return told(provider, error)
    return not_understood(provider, "its answer in one piece instead of a stream")
