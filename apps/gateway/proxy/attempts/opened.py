"""What a target gave: a whole answer, or the beginning of a stream."""

from dataclasses import dataclass

from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.native import NativeStream
from apps.gateway.proxy.relayed import RelayedStream
from apps.serving.services import Response

Stream = RelayedStream | NativeStream


@dataclass(slots=True)
class Whole:
    """body: as the provider said it, or in chat's words where it speaks another dialect than the caller."""

    attempt: Attempt
    body: bytes

    def close(self) -> None:
        """There is nothing left to read."""


@dataclass(slots=True)
class Streaming:
    """first: what the caller gets before anything else. The response has to be closed."""

    attempt: Attempt
    response: Response
    stream: Stream
    first: bytes

    def close(self) -> None:
        self.response.close()
