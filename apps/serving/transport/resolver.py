"""Name resolution with a short memory, and the guard over every address before it is dialled."""

import asyncio
import socket

from apps.serving.transport.errors import ConnectFailed, ForbiddenAddress
from llmkit import net

_REMEMBERED = 1024


class Resolver:
    """Resolves in the loop's thread pool; concurrent questions for one name share one look-up."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def permitted(self, host: str, port: int, *, allow_private: bool) -> list[str]:
        """The addresses of `host` that may be dialled, in the resolver's order; ForbiddenAddress if none may."""
        permitted: list[str] = []
        refusal: net.ForbiddenAddress | None = None
        for address in await self.resolve(host, port):
            try:
                net.check_address(host, address, allow_private=allow_private)
                permitted.append(address)
            except net.ForbiddenAddress as error:
                refusal = error
        if not permitted and refusal is not None:
            raise ForbiddenAddress(host, refusal.reach)
        return permitted

    async def resolve(self, host: str, port: int) -> list[str]:
        key = (host, port)
        known = self._known.get(key)
        if known is not None and known[0] > asyncio.get_running_loop().time():
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(host, port))
            task.add_done_callback(lambda done: self._asked(key, done))
        # Shielded: one caller's cancellation must not take the answer from the others.
        return await asyncio.shield(task)

    async def look_up(self, host: str, port: int) -> list[str]:
        """Ask the name service itself; ConnectFailed if it has no answer."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ConnectFailed(f"The host name {host!r} could not be resolved.") from None
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def close(self) -> None:
        """Forget the questions nobody waits for any more."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _ask(self, host: str, port: int) -> list[str]:
        addresses = await self.look_up(host, port)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[host, port] = (asyncio.get_running_loop().time() + self._ttl, addresses)
        return addresses

    def _asked(self, key: tuple[str, int], task: asyncio.Task[list[str]]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # seen by whoever still waits; a lone cancelled caller would leave a warning
