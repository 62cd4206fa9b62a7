"""The connections to one target: last in, first out, with a bounded line of those who wait for one."""

import asyncio
from collections import deque

from apps.serving.transport.connection import Connection
from apps.serving.transport.dialler import Dialler
from apps.serving.transport.errors import ClientClosed, PoolExhausted, UpstreamClosed
from apps.serving.transport.target import Limits, Target, Timeouts


class Pool:
    """`open` counts connections and those being dialled; it never exceeds `limits.max_connections`."""

    def __init__(self, target: Target, limits: Limits, dialler: Dialler) -> None:
        self.target = target
        self.authority = target.authority
        self.open = 0
        self.idle: list[Connection] = []
        self.busy: set[Connection] = set()
        # A waiter is given a free connection, or None: the right to dial one.
        self.waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._limits = limits
        self._dialler = dialler
        self._drained: asyncio.Event | None = None

    def take(self) -> Connection | None:
        """The connection that was free for the shortest time: the others may expire."""
        if not self.idle:
            return None
        connection = self.idle.pop()
        self.busy.add(connection)
        return connection

    async def acquire(self, timeouts: Timeouts, *, fresh: bool = False) -> Connection:
        """A free connection, a new one, or the next that becomes free; `fresh` never takes a kept-alive one."""
        while True:
            if not fresh and (connection := self.take()) is not None:
                return connection
            if self.open < self._limits.max_connections:
                self.open += 1
                return await self._dial(timeouts)
            if fresh and self.idle:
                self.idle[0].discard()
                continue
            given = await self._wait_in_line(timeouts)
            if given is None:
                return await self._dial(timeouts)
            if given.alive:
                if not fresh:
                    return given
                given.discard()

    async def close(self, grace: float) -> None:
        """Let what is under way finish for `grace` seconds, then cut it off; idle connections go at once."""
        self._drained = asyncio.Event()
        for connection in self.idle.copy():
            connection.discard()
        if self.open:
            try:
                await asyncio.wait_for(self._drained.wait(), grace)
            except TimeoutError:
                while self.waiting:
                    _refuse(self.waiting.popleft())
                for connection in self.busy.copy():
                    connection.fail(ClientClosed("The client was shut down."))

    async def _dial(self, timeouts: Timeouts) -> Connection:
        try:
            connection = await self._dialler.dial(self.target, self._new_connection, timeouts.connect)
        except BaseException:
            self._slot_is_free()
            raise
        if not connection.alive:
            self._slot_is_free()
            raise UpstreamClosed(self.target.label, before_response=True)
        self.busy.add(connection)
        return connection

    def _new_connection(self) -> Connection:
        return Connection(self.target, self._limits, on_free=self._is_free, on_gone=self._is_gone)

    async def _wait_in_line(self, timeouts: Timeouts) -> Connection | None:
        if len(self.waiting) >= self._limits.max_waiting:
            raise PoolExhausted(f"{self.target.label} has no free connection, and too many requests wait for one.")
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            async with asyncio.timeout(timeouts.queue if timeouts.queue < float("inf") else None):
                return await turn
        except BaseException as error:
            if turn in self.waiting:
                self.waiting.remove(turn)
            elif turn.done() and not turn.cancelled():
                self._pass_on(turn.result())
            if isinstance(error, TimeoutError):
                message = f"No connection to {self.target.label} became free within {timeouts.queue:g} s."
                raise PoolExhausted(message) from None
            raise

    def _pass_on(self, given: Connection | None) -> None:
        """What a waiter was given but, cancelled in the same moment, no longer wants."""
        if given is None:
            self._slot_is_free()
        elif given.alive:
            self._is_free(given)

    def _is_free(self, connection: Connection) -> None:
        if self._give(connection):
            return
        if self._drained is not None:
            connection.discard()
        else:
            self.busy.discard(connection)
            self.idle.append(connection)

    def _is_gone(self, connection: Connection) -> None:
        if connection in self.busy:
            self.busy.remove(connection)
        elif connection in self.idle:
            self.idle.remove(connection)
        else:
            return  # never made it out of dialling, which settles its slot itself
        self._slot_is_free()

    def _slot_is_free(self) -> None:
        if self._give(None):
            return
        self.open -= 1
        if self._drained is not None and not self.open:
            self._drained.set()

    def _give(self, what: Connection | None) -> bool:
        """Whether somebody in line took it."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(what)
                return True
        return False


def _refuse(turn: asyncio.Future[Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(ClientClosed("The client was shut down."))
