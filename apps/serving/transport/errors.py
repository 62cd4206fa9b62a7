"""What can go wrong between the platform and a model provider. No message holds a header, a body or an IP address."""

from typing import Literal

from llmkit import net

TimeoutKind = Literal["connect", "first_byte", "idle", "total"]


class TransportError(Exception):
    """Every failure of the transport; `reached_upstream` says whether the provider may have seen the request."""

    reached_upstream = True


class ConnectFailed(TransportError):
    """The name doesn't resolve, or no address of it accepts a connection."""

    reached_upstream = False


class TlsFailed(TransportError):
    """The TLS handshake failed: certificate not trusted, wrong host name, no common version."""

    reached_upstream = False


class ForbiddenAddress(TransportError, net.ForbiddenAddress):
    """Every address the host resolves to is one that may not be dialled."""

    reached_upstream = False


class PoolExhausted(TransportError):
    """All connections to the target are busy, and its waiting line is full or didn't move in time."""

    reached_upstream = False


class InvalidRequest(TransportError, ValueError):
    """A path or header that can't be put on the wire; the message names the header, never its value."""

    reached_upstream = False


class ClientClosed(TransportError):
    """The client is shutting down and takes no more requests."""

    reached_upstream = False


class ResponseClosed(TransportError):
    """The response was closed, by the caller itself, before its end."""


class UpstreamTimeout(TransportError):
    """`kind` says which limit passed: connect, first_byte (of the body), idle (between two reads) or total."""

    def __init__(self, kind: TimeoutKind, host: str) -> None:
        self.kind = kind
        self.reached_upstream = kind != "connect"
        super().__init__(f"{host} did not answer in time ({kind.replace('_', ' ')} timeout).")


class UpstreamClosed(TransportError):
    """The connection ended before the answer did; `before_response`: not one byte of it had come."""

    def __init__(self, host: str, *, before_response: bool) -> None:
        self.before_response = before_response
        when = "before it answered" if before_response else "in the middle of its answer"
        super().__init__(f"{host} closed the connection {when}.")


class ResponseTooLarge(TransportError):
    """The decoded body is longer than the reader's limit."""


class ProtocolError(TransportError):
    """What came back isn't HTTP/1.1 as understood here: bad framing, huge head, unknown content coding."""
