"""uvicorn with a shutdown that lets answers finish: refuse new requests, wait, then end."""

import asyncio
import logging
import signal
import socket
import time
from types import FrameType

import uvicorn

from apps.serving.local_engine.app import EngineApp
from apps.serving.local_engine.engine import Engine

log = logging.getLogger("flywheel.engine")

POLL_SECONDS = 0.02
# How long the generation thread may take for the step it is in.
STEP_PATIENCE = 2.0


class EngineServer(uvicorn.Server):
    """Starts the generation thread with the socket; drains on SIGTERM or Ctrl-C, ends at once on one more Ctrl-C."""

    def __init__(self, engine: Engine) -> None:
        settings = engine.settings
        super().__init__(
            uvicorn.Config(
                EngineApp(engine),
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="warning",
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=2,
            )
        )
        self.engine = engine
        self.thread_ended = False
        self._drain: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._loop = asyncio.get_running_loop()
            self.engine.scheduler.start(self._loop)
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            log.info("listening on http://%s:%d", host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._loop is None or (self.engine.scheduler.draining and sig == signal.SIGINT):
            self.should_exit = self.force_exit = True
        if self._loop is None or self.engine.scheduler.draining:
            return
        self.engine.scheduler.draining = True
        self._loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        self._drain = asyncio.create_task(self._finish_answers())

    async def _finish_answers(self) -> None:
        scheduler, deadline = self.engine.scheduler, time.monotonic() + self.engine.settings.drain_seconds
        while not scheduler.idle() and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        self.thread_ended = await asyncio.to_thread(scheduler.stop, STEP_PATIENCE)
        self.should_exit = True
