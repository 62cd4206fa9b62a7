"""A sequence and the client that waits for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from apps.serving.local_engine import web
from apps.serving.local_engine.answers import usage
from apps.serving.local_engine.engine import Engine
from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.problems import RequestProblem, generation_failed, shutting_down
from apps.serving.local_engine.sequence import ABORT, ERROR, Output, Sequence, now_ns


class Exchange:
    """Brings outputs to the handler and accounts for the request once, however it ends."""

    def __init__(self, engine: Engine, lane: Lane, sequence: Sequence, scope: web.Scope) -> None:
        self.engine, self.lane, self.sequence, self.scope = engine, lane, sequence, scope
        self.metrics = engine.metrics.of(lane)
        self._client_gone = False
        self._closed = False
        self._last_ns = 0

    @contextlib.asynccontextmanager
    async def running(self, receive: web.Receive) -> AsyncIterator[None]:
        """The sequence is queued inside; afterwards it is out of the engine."""
        try:
            self.engine.scheduler.submit(self.lane, self.sequence)
        except RequestProblem as problem:
            self.metrics.rejected += problem.status == 429
            raise
        watch = asyncio.create_task(self._watch(receive))
        try:
            yield
        finally:
            watch.cancel()
            self.close(ABORT)

    @property
    def counts(self) -> dict[str, int]:
        return usage(len(self.sequence.plan.prompt), self.sequence.generated)

    async def next(self) -> Output:
        """What was generated since the last call; steps that lie ready are taken together.

        RequestProblem when the engine failed or goes down, ClientGone when nobody listens any more.
        """
        outputs = self.sequence.outputs
        taken = self._seen(await outputs.get())
        while not taken.finish and not outputs.empty():
            newer = self._seen(outputs.get_nowait())
            newer.text = taken.text + newer.text
            taken = newer
        if taken.finish == ABORT:
            raise web.ClientGone if self._client_gone else shutting_down()
        if taken.finish == ERROR:
            self.close(ERROR)
            raise generation_failed()
        return taken

    def close(self, finish: str) -> None:
        """Count the request and write its spans; take back its place if it still holds one."""
        if self._closed:
            return
        self._closed = True
        if not self.sequence.stamps.finished:
            self.engine.scheduler.cancel(self.lane, self.sequence)
            self.sequence.stamps.finished = now_ns()
        while not self.sequence.outputs.empty():
            self._seen(self.sequence.outputs.get_nowait())
        self.metrics.saw_end(len(self.sequence.plan.prompt), finish, self.sequence.stamps)
        self._write_spans(finish)

    async def _watch(self, receive: web.Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._client_gone = True
        self.engine.scheduler.cancel(self.lane, self.sequence)
        self.sequence.outputs.put_nowait(Output("", 0, now_ns(), ABORT))

    def _seen(self, output: Output) -> Output:
        if output.tokens:
            self.metrics.saw_output(output, self._last_ns)
            self._last_ns = output.at_ns
        return output

    def _write_spans(self, finish: str) -> None:
        if self.engine.spans:
            self.engine.spans.write(
                self.sequence,
                model=self.lane.name,
                traceparent=web.header(self.scope, "traceparent"),
                project=web.header(self.scope, "x-flywheel-project"),
                finish=finish,
            )
