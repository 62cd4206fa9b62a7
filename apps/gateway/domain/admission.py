"""How many requests a target may have at once, and who waits meanwhile: first come, first served."""

import asyncio
from collections import deque
from contextlib import suppress


class Busy(Exception):
    """Nobody else is let in. `retry_after`: seconds after which it is worth asking again."""

    def __init__(self, message: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Gate:
    """At most `limit` inside at once. Limits can be changed while it is in use."""

    def __init__(self, limit: int, line: int, timeout: float) -> None:
        self.limit, self.line, self.timeout = limit, line, timeout
        self.inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self) -> None:
        """Busy when the line is full, or when it did not move in time. Who entered has to `leave`."""
        if self.inside < self.limit and not self._waiting:
            self.inside += 1
            return
        if len(self._waiting) >= self.line:
            raise Busy(f"{self.inside} requests are under way and {self.waiting} wait.", 1.0)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self.timeout):
                await turn
        except TimeoutError:
            if not self._withdraw(turn):
                return  # the turn came in the same moment
            raise Busy(f"{self.inside} requests are under way; the line did not move in time.", 1.0) from None
        except asyncio.CancelledError:
            if not self._withdraw(turn):
                self.leave()
            raise

    def leave(self) -> None:
        self.inside -= 1
        while self._waiting and self.inside < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.inside += 1
                turn.set_result(None)

    def _withdraw(self, turn: "asyncio.Future[None]") -> bool:
        """Whether the turn had not come yet."""
        if not turn.cancelled():
            return False
        with suppress(ValueError):  # `leave` passed over it already
            self._waiting.remove(turn)
        return True
