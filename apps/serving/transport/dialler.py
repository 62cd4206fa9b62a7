"""Opening connections: judged addresses only, one after the other until one answers."""

import asyncio
import os
import ssl
from collections.abc import Callable

from apps.serving.transport.connection import Connection
from apps.serving.transport.errors import ConnectFailed, TlsFailed, TransportError, UpstreamTimeout
from apps.serving.transport.resolver import Resolver
from apps.serving.transport.target import UNIX, Target

Factory = Callable[[], Connection]


class Dialler:
    """`tls` None means the system's trust store, loaded when the first https target is dialled."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext | None) -> None:
        self._resolver = resolver
        self._tls = tls

    async def dial(self, target: Target, factory: Factory, within: float) -> Connection:
        """A connected (and for https: verified) connection within so many seconds, or a TransportError."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        try:
            async with asyncio.timeout_at(deadline if within < float("inf") else None):
                if target.scheme == UNIX:
                    return await self._attempt(target, target.host, factory)
                addresses = await self._resolver.permitted(target.host, target.port, allow_private=target.allow_private)
        except TimeoutError:
            raise UpstreamTimeout("connect", target.label) from None
        failure: TransportError | None = None
        for position, address in enumerate(addresses):
            share = (deadline - loop.time()) / (len(addresses) - position)
            try:
                async with asyncio.timeout(share if share < float("inf") else None):
                    return await self._attempt(target, address, factory)
            except TimeoutError:
                failure = UpstreamTimeout("connect", target.label)
            except ConnectFailed as error:
                failure = error
        raise failure or ConnectFailed(f"The host name {target.host!r} has no address.")

    async def _attempt(self, target: Target, address: str, factory: Factory) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            if target.scheme == UNIX:
                return (await loop.create_unix_connection(factory, address))[1]
            if target.scheme == "http":
                return (await loop.create_connection(factory, address, target.port))[1]
            name = target.host.rstrip(".")
            return (
                await loop.create_connection(factory, address, target.port, ssl=self._context(), server_hostname=name)
            )[1]
        except ssl.SSLCertVerificationError as error:
            raise TlsFailed(f"The certificate of {target.label} was refused: {error.verify_message}.") from None
        except ssl.SSLError as error:
            raise TlsFailed(f"The TLS handshake with {target.label} failed: {error.reason}.") from None
        except TimeoutError:
            raise
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "connection refused"
            raise ConnectFailed(f"{target.label} could not be reached: {reason}.") from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls
