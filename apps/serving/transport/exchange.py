"""The state that a connection and the reader of its answer share: buffered body, the one waiter, deadlines."""

import asyncio
from typing import Protocol

from apps.serving.transport.errors import ResponseClosed, TimeoutKind, TransportError
from apps.serving.transport.target import Timeouts


class Carrier(Protocol):
    """What an exchange needs of the connection that carries it."""

    timer_at: float  # when it looks at the exchange's deadlines next

    def resume(self) -> None: ...
    def expect_by(self, when: float) -> None: ...
    def discard(self) -> None: ...


class Exchange:
    """One request's answer while it comes in. Times are loop times in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeouts: Timeouts, buffer_limit: int) -> None:
        self.loop = loop
        self.timeouts = timeouts
        self.buffer_limit = buffer_limit
        self.status = 0  # until the final head is there
        self.headers: list[tuple[bytes, bytes]] = []
        self.touched = False  # a byte of the answer has come
        self.complete = False
        self.error: TransportError | None = None
        self.parts: list[bytes] = []  # body bytes that the reader hasn't taken
        self.buffered = 0  # their number
        self.received = 0  # body bytes so far, as they came over the wire
        self.carrier: Carrier | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._need = 0
        self._started = self._sent = self._waiting_since = 0.0

    def begin(self, carrier: Carrier, started: float) -> None:
        """The request has been handed over on `carrier`; the client took it on at `started`."""
        self.carrier, self._started, self._sent = carrier, started, self.loop.time()
        carrier.expect_by(self.deadline()[0])

    def fail(self, error: TransportError) -> None:
        self.error = error
        self.wake()

    def wake(self) -> None:
        """Called after every piece: wake the reader if what it waits for is there, else note the sign of life."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self.complete or self.error is not None or (self.status and self.buffered >= self._need):
            waiter.set_result(None)
        elif self.received:
            self._wait_from_now()

    def deadline(self) -> tuple[float, TimeoutKind]:
        """When this exchange has failed, and by which limit."""
        total = self._started + self.timeouts.total
        kind: TimeoutKind = "idle"
        if not self.received:
            kind, when = "first_byte", self._sent + self.timeouts.first_byte
        elif self._waiter is not None and not self._waiter.done():
            when = self._waiting_since + self.timeouts.idle
        else:  # nobody waits: a slow reader, or one that is about to wake, is not the provider's fault
            when = total
        return (when, kind) if when < total else (total, "total")

    async def wait(self, need: int) -> None:
        """Until the head and `need` body bytes are there, or the end, or an error. Cancelled, it closes."""
        self._need = need
        waiter = self._waiter = self.loop.create_future()
        try:
            if self.received:
                self._wait_from_now()
            await waiter
        except BaseException:
            self.close()
            raise
        finally:
            self._waiter = None

    def take(self) -> bytes:
        """All buffered body bytes at once; lets the connection read on if they had filled the buffer."""
        parts, full = self.parts, self.buffered > self.buffer_limit
        self.parts, self.buffered = [], 0
        if full and not self.complete and self.carrier is not None:
            self.carrier.resume()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Give up what hasn't been read. Before the answer's end this closes the connection at once."""
        carrier, self.carrier = self.carrier, None
        if carrier is not None and not self.complete:
            carrier.discard()
            self.fail(self.error or ResponseClosed("The answer was closed before its end."))

    def _wait_from_now(self) -> None:
        """The idle limit starts anew. The total limit needs no look: the timer is never later than that."""
        self._waiting_since = now = self.loop.time()
        carrier, due = self.carrier, now + self.timeouts.idle
        if carrier is not None and due < carrier.timer_at:
            carrier.expect_by(due)
