"""The pooled HTTP/1.1 client: one per process and event loop."""

import asyncio
import ssl

from apps.serving.transport.dialler import Dialler
from apps.serving.transport.errors import ClientClosed, UpstreamClosed
from apps.serving.transport.pool import Pool
from apps.serving.transport.resolver import Resolver
from apps.serving.transport.response import Response
from apps.serving.transport.target import Limits, Target, Timeouts
from apps.serving.transport.wire import Headers, encode_head

DEFAULT_LIMITS = Limits()
DEFAULT_TIMEOUTS = Timeouts()


class HttpClient:
    """Never follows redirects, never retries a request of which the provider answered a byte."""

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self.limits = limits
        self._resolver = resolver or Resolver(limits.dns_ttl)
        self._dialler = Dialler(self._resolver, tls)
        self._pools: dict[Target, Pool] = {}
        self._closed = False

    async def send(
        self,
        target: Target,
        method: str,
        path: str,
        headers: Headers = (),
        body: bytes = b"",
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        *,
        whole: bool = False,
    ) -> Response:
        """The response once its head is there, or with `whole` once its body is (or fills the buffer).

        `path` is the whole path on the server, `headers` neither Host nor framing. Raises a TransportError; the
        task being cancelled closes the connection.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        pool = self._pools.get(target) or self._open_pool(target)
        head = encode_head(method, path, pool.authority, headers, len(body))
        connection = pool.take()
        reused = connection is not None
        if connection is None:
            connection = await pool.acquire(timeouts)
            reused = connection.used
        while True:
            response = Response(loop, timeouts, self.limits.buffer_bytes, head_request=method == "HEAD")
            response.reused = reused
            connection.start(response, head, body, started)
            if response.error is None:
                await response.wait(self.limits.buffer_bytes if whole else 0)
            error = response.error
            if error is None or response.status:
                return response
            if not (reused and isinstance(error, UpstreamClosed) and error.before_response):
                raise error
            # A kept-alive connection that the other side closed as we wrote to it: this once, on a new one.
            connection, reused = await pool.acquire(timeouts, fresh=True), False

    async def aclose(self, grace: float = 0.0) -> None:
        """Take no more requests, wait up to `grace` seconds for those under way, then close everything."""
        self._closed, pools, self._pools = True, self._pools, {}
        await asyncio.gather(*(pool.close(grace) for pool in pools.values()))
        await self._resolver.close()
        await asyncio.sleep(0)  # aborted transports say goodbye in the loop's next round

    def connections(self, target: Target) -> tuple[int, int, int]:
        """Open and idle connections to the target, and requests waiting for one."""
        pool = self._pools.get(target)
        return (pool.open, len(pool.idle), len(pool.waiting)) if pool else (0, 0, 0)

    def _open_pool(self, target: Target) -> Pool:
        if self._closed:
            raise ClientClosed("The HTTP client has been closed.")
        pool = self._pools[target] = Pool(target, self.limits, self._dialler)
        return pool
