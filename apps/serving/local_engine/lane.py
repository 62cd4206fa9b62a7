"""One model as the event loop sees it: whether it is loaded, and which requests wait for it."""

import time
from collections import deque
from typing import TYPE_CHECKING

from apps.serving.local_engine.problems import queue_full, unavailable
from apps.serving.local_engine.sequence import Sequence
from apps.serving.local_engine.settings import ModelFolder

if TYPE_CHECKING:
    from apps.serving.local_engine.batch import Batch
    from apps.serving.local_engine.model import LoadedModel

LOADING, READY, FAILED = "loading", "ready", "failed"


class Lane:
    """The queue of one model. `waiting` is guarded by the scheduler's lock.

    parent, digest: of an adapter, the base that it stands on and what it is made of; known once it has been looked at.
    stamp: of an adapter that failed, the state of its files, so that mended ones are tried again.
    """

    def __init__(self, folder: ModelFolder, max_batch: int, max_queue: int, *, adapter: bool = False) -> None:
        self.folder, self.max_batch, self.places = folder, max_batch, max_batch + max_queue
        self.name, self.is_adapter = folder.name, adapter
        self.parent, self.digest = "", ""
        self.stamp: tuple[int, ...] = ()
        self.state, self.error = LOADING, ""
        self.created, self.load_seconds = int(time.time()), 0.0
        self.waiting: deque[Sequence] = deque()
        self.batch: Batch | None = None

    @property
    def running(self) -> int:
        return self.batch.size if self.batch else 0

    def has_work(self) -> bool:
        return bool(self.waiting) or self.running > 0

    def open(self, batch: "Batch", seconds: float) -> None:
        self.batch, self.load_seconds, self.state = batch, seconds, READY

    def close(self, error: str) -> None:
        self.state, self.error = FAILED, error

    def model(self) -> "LoadedModel":
        """The loaded model; RequestProblem (503) while there is none."""
        if self.state == FAILED:
            raise unavailable(f"The model {self.name!r} could not be loaded: {self.error}", "model_load_failed")
        if self.batch is None:
            raise unavailable(f"The model {self.name!r} is still being loaded.", "model_loading")
        return self.batch.model

    def enqueue(self, sequence: Sequence) -> None:
        """Line up; RequestProblem (429) when every place is taken."""
        if len(self.waiting) + self.running >= self.places:
            raise queue_full(self.name, self.places)
        self.waiting.append(sequence)

    def admit(self) -> None:
        """Move waiting sequences into the batch as far as there is room."""
        while self.batch and self.waiting and self.batch.size < self.max_batch:
            self.batch.join(self.waiting.popleft())
