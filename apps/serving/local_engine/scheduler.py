"""Between the event loop and the generation thread: requests go in under a lock, outputs come back in one wake-up."""

import asyncio
import gc
import logging
import threading
from collections import deque
from pathlib import Path

from apps.serving.local_engine.adapter_folder import folder_names
from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.problems import shutting_down
from apps.serving.local_engine.sequence import Output, Sequence
from apps.serving.local_engine.settings import EngineSettings, ModelFolder

log = logging.getLogger("flywheel.engine")

Delivery = tuple[Sequence, Output]


class Scheduler:
    """Owns the queues and the generation thread. Nothing here imports torch: only that thread ever does.

    lanes: what is served. retired: lanes that get nothing new and end what they have begun. Both are replaced as a
    whole, under the lock, so that either thread may walk through them.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.lanes = _first_lanes(settings)
        self.retired: tuple[Lane, ...] = ()
        self.draining = False
        self.stopping = False
        # The library that adapters need is there; until then the orders wait.
        self.takes_adapters = False
        self._orders: deque[tuple[Lane, asyncio.Event]] = deque()
        self._work = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._generate, name="generation", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    # --- for the event loop -----------------------------------------------------------------------------------

    def lane(self, name: str) -> Lane | None:
        return next((lane for lane in self.lanes if lane.name == name), None)

    def base_folders(self) -> dict[str, Path]:
        return {lane.name: lane.folder.path for lane in self.lanes if not lane.is_adapter}

    def submit(self, lane: Lane, sequence: Sequence) -> None:
        """Queue `sequence`; RequestProblem when the lane is full or the engine is going down."""
        with self._work:
            if self.draining:
                raise shutting_down()
            lane.enqueue(sequence)
            if lane not in self.lanes and lane not in self.retired:
                # It was replaced while the request was on its way to it.
                self.retired = (*self.retired, lane)
            self._work.notify()

    def cancel(self, lane: Lane, sequence: Sequence) -> None:
        """Give its place back: at once while it waits, else before the next step."""
        sequence.cancelled = True
        with self._work:
            if sequence in lane.waiting:
                lane.waiting.remove(sequence)
            self._work.notify()

    async def load(self, lane: Lane) -> None:
        """Have an adapter's lane filled between two steps; afterwards it is open or closed with a reason."""
        done = asyncio.Event()
        with self._work:
            if self.draining:
                raise shutting_down()
            self._orders.append((lane, done))
            self._work.notify()
        await done.wait()

    def publish(self, lane: Lane) -> None:
        """Serve `lane` from now on, in the place of one of the same name."""
        with self._work:
            before = [known for known in self.lanes if known.name == lane.name]
            self.retired = (*self.retired, *before)
            self.lanes = (*(known for known in self.lanes if known not in before), lane)

    def retire(self, lane: Lane) -> None:
        with self._work:
            self.retired = (*self.retired, lane)
            self.lanes = tuple(known for known in self.lanes if known is not lane)
            self._work.notify()

    def idle(self) -> bool:
        return not any(lane.has_work() for lane in (*self.lanes, *self.retired))

    def stop(self, patience: float) -> bool:
        """End the generation thread; False when it has not ended after `patience` seconds (it may be loading)."""
        with self._work:
            self.draining = self.stopping = True
            self._work.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    # --- for the generation thread ----------------------------------------------------------------------------

    def wait_for_work(self) -> tuple[Lane, ...]:
        """Sleep until a sequence is in some batch or an adapter is to be loaded; the lanes to step, () at the end."""
        with self._work:
            while not self.stopping and self.idle() and not (self._orders and self.takes_adapters):
                self._drop_finished()
                self._work.wait()
            self._drop_finished()
            lanes = (*self.lanes, *self.retired)
            for lane in lanes:
                lane.admit()
            return () if self.stopping else lanes

    def take_order(self) -> tuple[Lane, asyncio.Event] | None:
        """An adapter that is to be loaded, and what to set afterwards."""
        with self._work:
            return self._orders.popleft() if self._orders and self.takes_adapters else None

    def finish_order(self, done: asyncio.Event) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(done.set)

    def take_adapters(self) -> None:
        """From now on orders are taken."""
        with self._work:
            self.takes_adapters = True
            self._work.notify()

    def refuse_orders(self, reason: str) -> None:
        with self._work:
            orders, self._orders = self._orders, deque()
        for lane, done in orders:
            lane.close(reason)
            self.finish_order(done)

    def take_waiting(self) -> list[Sequence]:
        """At its end: the sequences that will not be served any more."""
        with self._work:
            lanes = (*self.lanes, *self.retired)
            left = [sequence for lane in lanes for sequence in lane.waiting]
            for lane in lanes:
                lane.waiting.clear()
        return left

    def post(self, deliveries: list[Delivery]) -> None:
        """Bring outputs to the event loop."""
        if deliveries and self._loop is not None:
            self._loop.call_soon_threadsafe(_deliver, deliveries)

    def _drop_finished(self) -> None:
        if self.retired:
            self.retired = tuple(lane for lane in self.retired if lane.has_work())

    def _generate(self) -> None:
        # Cycle detection is a fifth of what the imports cost; the worker turns it on again once the models are there.
        gc.disable()
        try:
            from apps.serving.local_engine.worker import run
        except ImportError as error:
            log.exception("the model library cannot be imported")
            for lane in self.lanes:
                lane.close(f"the model library cannot be imported: {error}")
            self.refuse_orders("the model library cannot be imported.")
        else:
            run(self)


def _first_lanes(settings: EngineSettings) -> tuple[Lane, ...]:
    """The bases, and behind them what lies in the folder of adapters."""
    lanes = [Lane(folder, settings.max_batch, settings.max_queue) for folder in settings.folders]
    names = {lane.name for lane in lanes}
    for name in folder_names(settings.adapters_dir):
        if name in names or settings.adapters_dir is None:
            log.warning("The adapter %s is left out: a base model has this name.", name)
            continue
        folder = ModelFolder(name, settings.adapters_dir / name)
        lanes.append(Lane(folder, settings.max_batch, settings.max_queue, adapter=True))
    return tuple(lanes)


def _deliver(deliveries: list[Delivery]) -> None:
    for sequence, output in deliveries:
        sequence.outputs.put_nowait(output)
