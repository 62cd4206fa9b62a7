"""One HTTP/1.1 connection: an asyncio protocol that carries one exchange after another."""

import asyncio
import math
import socket
from collections.abc import Callable
from typing import cast

import httptools

from apps.serving.transport.errors import ProtocolError, TransportError, UpstreamClosed, UpstreamTimeout
from apps.serving.transport.response import Response
from apps.serving.transport.target import UNIX, Limits, Target

LARGE_WRITE = 64 * 1024


class Connection(asyncio.Protocol):
    """`on_free` is called when the connection can take the next exchange, `on_gone` once when it can't ever again.

    It owns a single timer that is only ever moved to an earlier time; when it fires, it looks at what is due now
    and sleeps until then. A request on a busy connection so costs no timer at all.
    """

    def __init__(
        self,
        target: Target,
        limits: Limits,
        on_free: Callable[["Connection"], None],
        on_gone: Callable[["Connection"], None],
    ) -> None:
        self.target = target
        self.alive = True
        self.used = False  # it has carried an exchange before
        self._limits = limits
        self._on_free = on_free
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._response: Response | None = None
        self._framing = 0  # bytes since the last byte of a body: heads, chunk heads, trailers
        self._keep_alive = False
        self._finished = False  # the exchange's last byte has been parsed
        self._surplus = False  # something followed it that nobody asked for
        self._paused = False
        self._large_request = False
        self._idle_until = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self.timer_at = math.inf

    # --- for client and response ------------------------------------------------------------------------------

    def start(self, response: Response, head: bytes, body: bytes, started: float) -> None:
        """Send a request and let `response` take the answer; the connection has to be free and alive."""
        if not self.alive or self._transport.is_closing():  # the loop may know before it tells
            response.fail(UpstreamClosed(self.target.label, before_response=True))
            return
        self._response = response
        self.used, self._framing = True, 0
        self._large_request = len(body) > LARGE_WRITE
        if self._large_request:  # joining would copy it
            self._transport.write(head)
            self._transport.write(body)
        else:
            self._transport.write(head + body)
        response.begin(self, started)

    def resume(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def expect_by(self, when: float) -> None:
        """Look at the deadlines at `when` (loop time) at the latest."""
        if when < self.timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self.timer_at = self._loop.call_at(when, self._look_at_deadlines), when

    def discard(self) -> None:
        """Close at once, whatever is under way: the upstream sees the disconnect."""
        self._response = None
        self._leave()
        self._transport.abort()

    def fail(self, error: TransportError) -> None:
        """Close at once and tell whoever waits for the answer why."""
        response = self._response
        self.discard()
        if response is not None:
            response.fail(error)

    # --- asyncio.Protocol -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self.target.scheme != UNIX:
            # Event loops set this too, but a delayed last segment costs 40 ms per request: not left to them.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            # Unasked-for bytes on an idle connection: what follows could be taken for the next answer.
            self.discard()
            return
        response.touched = True
        self._framing += len(data)
        broken: Exception | None = None
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            broken = error
        if self._finished:
            self._finish(response, surplus=self._surplus or broken is not None)
            response.wake()
        elif broken is not None:
            self.fail(self._cause(broken))
        elif self._framing > self._limits.head_bytes:
            self.fail(self._too_much_framing())
        else:
            if response.buffered > self._limits.buffer_bytes and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            response.wake()

    def eof_received(self) -> None:
        self._leave()  # at once, so that nobody takes it from the pool before connection_lost

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()
        response, self._response = self._response, None
        if response is None:
            return
        if error is None and response.status and not _has_length(response):
            response.complete = True  # a body that lasts until the connection's end
            response.wake()
        else:
            response.fail(UpstreamClosed(self.target.label, before_response=not response.touched))

    # --- httptools --------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._surplus = self._finished

    def on_header(self, name: bytes, value: bytes) -> None:
        response = self._response
        if response is not None and not response.status and not self._finished:  # trailers are not wanted
            response.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        response = self._response
        if response is None or self._finished:
            return
        if self._framing > self._limits.head_bytes and _size(response.headers) > self._limits.head_bytes:
            raise self._too_much_framing()
        status = self._parser.get_status_code()
        if status == 101:
            raise ProtocolError(f"{self.target.label} switched protocols, which nobody asked for.")
        if status < 200:
            response.headers.clear()
            return
        response.decode_body()
        response.status = status
        self._keep_alive = self._parser.should_keep_alive()
        if response.head_request:
            self._finished = True

    def on_body(self, body: bytes) -> None:
        response = self._response
        if response is None or self._finished:
            self._surplus = True
            return
        response.parts.append(body)
        response.buffered += len(body)
        response.received += len(body)
        self._framing = 0

    def on_message_complete(self) -> None:
        response = self._response
        if response is not None and response.status:
            self._finished = True

    # --- inside -----------------------------------------------------------------------------------------------

    def _finish(self, response: Response, *, surplus: bool) -> None:
        response.complete, response.carrier = True, None
        self._response, self._finished = None, False
        unsent = self._large_request and self._transport.get_write_buffer_size() > 0
        if response.head_request:
            # The parser still waits for the body that a HEAD's headers describe.
            self._parser = httptools.HttpResponseParser(self)
        if self._keep_alive and self.alive and not (surplus or unsent):
            self.resume()
            self._idle_until = self._loop.time() + self._limits.keepalive
            self.expect_by(self._idle_until)
            self._on_free(self)
        else:
            self.discard()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.alive:
            self.alive = False
            self._on_gone(self)

    def _look_at_deadlines(self) -> None:
        self._timer, self.timer_at = None, math.inf
        response, now = self._response, self._loop.time()
        when, kind = response.deadline() if response is not None else (self._idle_until, "idle")
        if now < when:
            self.expect_by(when)
        elif response is None:
            self.discard()
        else:
            self.fail(UpstreamTimeout(kind, self.target.label))

    def _cause(self, error: Exception) -> TransportError:
        if isinstance(error.__context__, TransportError):
            return error.__context__
        return ProtocolError(f"{self.target.label} sent something that is not HTTP/1.1.")

    def _too_much_framing(self) -> ProtocolError:
        return ProtocolError(f"{self.target.label} sent a head or trailer over {self._limits.head_bytes} bytes.")


def _has_length(response: Response) -> bool:
    """Whether the head said where the body ends."""
    for name, value in response.headers:
        if name == b"content-length" or (name == b"transfer-encoding" and value.lower().endswith(b"chunked")):
            return True
    return False


def _size(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)
