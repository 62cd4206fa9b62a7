"""Noticing that the caller hung up while the gateway waits for the provider."""

import asyncio

from apps.gateway.proxy.asgi_types import Receive
from apps.gateway.proxy.exchange import Exchange

# Answers that take less are not worth watching over: the next write finds out anyway.
GRACE_SECONDS = 0.02


class ClientWatch:
    """Cancels the task that made it once the caller is gone; `gone` tells that cancellation from any other."""

    def __init__(self, exchange: Exchange, receive: Receive) -> None:
        self.gone = False
        self._exchange, self._receive = exchange, receive
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A request is handled in a task.")
        self._task = task
        self._watching: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._start)

    def forgive(self) -> None:
        """The cancellation was this one's doing and has been dealt with."""
        self._task.uncancel()

    def stop(self) -> None:
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _start(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        # A server also says "disconnect" once the answer is complete.
        if not self._exchange.recorded:
            self.gone = True
            self._task.cancel()
