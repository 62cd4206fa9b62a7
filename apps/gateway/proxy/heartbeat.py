"""Signs of life on a stream that stands still, so that nobody in between takes it for dead."""

import asyncio

from apps.gateway.proxy.asgi_types import Send

SECONDS = 10.0


class Heartbeat:
    """Sends `comment` when nothing was sent for a while. Tell it of what was: `quiet = False`."""

    __slots__ = ("_comment", "_send", "_sending", "_timer", "quiet")

    def __init__(self, send: Send, comment: bytes) -> None:
        self._send, self._comment = send, comment
        self._sending: asyncio.Task[None] | None = None
        self.quiet = False
        self._timer = asyncio.get_running_loop().call_later(SECONDS, self._beat)

    def stop(self) -> None:
        """Before the last piece is sent: nothing may come after that."""
        self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()

    def _beat(self) -> None:
        if self.quiet and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._say())
        self.quiet = True
        self._timer = asyncio.get_running_loop().call_later(SECONDS, self._beat)

    async def _say(self) -> None:
        await self._send({"type": "http.response.body", "body": self._comment, "more_body": True})
