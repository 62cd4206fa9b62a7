"""The HTTP client that all traffic to model providers goes through."""

from apps.serving.transport.client import HttpClient
from apps.serving.transport.errors import (
    ClientClosed,
    ConnectFailed,
    ForbiddenAddress,
    InvalidRequest,
    PoolExhausted,
    ProtocolError,
    ResponseClosed,
    ResponseTooLarge,
    TimeoutKind,
    TlsFailed,
    TransportError,
    UpstreamClosed,
    UpstreamTimeout,
)
from apps.serving.transport.response import Response
from apps.serving.transport.target import Limits, Target, Timeouts

__all__ = [
    "ClientClosed",
    "ConnectFailed",
    "ForbiddenAddress",
    "HttpClient",
    "InvalidRequest",
    "Limits",
    "PoolExhausted",
    "ProtocolError",
    "Response",
    "ResponseClosed",
    "ResponseTooLarge",
    "Target",
    "TimeoutKind",
    "Timeouts",
    "TlsFailed",
    "TransportError",
    "UpstreamClosed",
    "UpstreamTimeout",
]
