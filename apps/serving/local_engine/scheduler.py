"""Between the event loop and the generation thread: requests go in under a lock, outputs come back in one wake-up."""

import asyncio
import gc
import logging
import threading

from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.problems import shutting_down
from apps.serving.local_engine.sequence import Output, Sequence
from apps.serving.local_engine.settings import EngineSettings

log = logging.getLogger("flywheel.engine")

Delivery = tuple[Sequence, Output]


class Scheduler:
    """Owns the queues and the generation thread. Nothing here imports torch: only that thread ever does."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.lanes = [Lane(folder, settings.max_batch, settings.max_queue) for folder in settings.folders]
        self.draining = False
        self.stopping = False
        self._work = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._generate, name="generation", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def submit(self, lane: Lane, sequence: Sequence) -> None:
        """Queue `sequence`; RequestProblem when the lane is full or the engine is going down."""
        with self._work:
            if self.draining:
                raise shutting_down()
            lane.enqueue(sequence)
            self._work.notify()

    def cancel(self, lane: Lane, sequence: Sequence) -> None:
        """Give its place back: at once while it waits, else before the next step."""
        sequence.cancelled = True
        with self._work:
            if sequence in lane.waiting:
                lane.waiting.remove(sequence)
            self._work.notify()

    def idle(self) -> bool:
        return not any(lane.has_work() for lane in self.lanes)

    def stop(self, patience: float) -> bool:
        """End the generation thread; False when it has not ended after `patience` seconds (it may be loading)."""
        with self._work:
            self.draining = self.stopping = True
            self._work.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def wait_for_work(self) -> bool:
        """For the generation thread: sleep until a sequence is in some batch; False once it shall end."""
        with self._work:
            while not self.stopping and self.idle():
                self._work.wait()
            for lane in self.lanes:
                lane.admit()
            return not self.stopping

    def take_waiting(self) -> list[Sequence]:
        """For the generation thread at its end: those that will not be served any more."""
        with self._work:
            left = [sequence for lane in self.lanes for sequence in lane.waiting]
            for lane in self.lanes:
                lane.waiting.clear()
        return left

    def post(self, deliveries: list[Delivery]) -> None:
        """For the generation thread: bring outputs to the event loop."""
        if deliveries and self._loop is not None:
            self._loop.call_soon_threadsafe(_deliver, deliveries)

    def _generate(self) -> None:
        # Cycle detection is a fifth of what the imports cost; the worker turns it on again once the models are there.
        gc.disable()
        try:
            from apps.serving.local_engine.worker import run
        except ImportError as error:
            log.exception("the model library cannot be imported")
            for lane in self.lanes:
                lane.close(f"the model library cannot be imported: {error}")
        else:
            run(self)


def _deliver(deliveries: list[Delivery]) -> None:
    for sequence, output in deliveries:
        sequence.outputs.put_nowait(output)
