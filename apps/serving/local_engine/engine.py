"""What the HTTP layer asks: which models there are, and an answer to one request."""

import asyncio
from typing import TYPE_CHECKING, Any

from apps.serving.local_engine.lane import FAILED, LOADING, READY, Lane
from apps.serving.local_engine.metrics import Metrics
from apps.serving.local_engine.problems import unknown_model
from apps.serving.local_engine.protocol import ChatRequest
from apps.serving.local_engine.scheduler import Scheduler
from apps.serving.local_engine.sequence import Sequence
from apps.serving.local_engine.settings import EngineSettings

if TYPE_CHECKING:
    from apps.serving.local_engine.tracing import SpanWriter

DRAINING = "draining"


class Engine:
    """All models of this process."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self.scheduler = Scheduler(settings)
        self.lanes = {lane.name: lane for lane in self.scheduler.lanes}
        self.metrics = Metrics(self.scheduler.lanes)
        self.spans = _span_writer(settings)

    def state(self) -> str:
        """ready once every model is; else draining, failed or loading."""
        if self.scheduler.draining:
            return DRAINING
        states = {lane.state for lane in self.lanes.values()}
        return next((state for state in (FAILED, LOADING) if state in states), READY)

    def health(self) -> dict[str, Any]:
        models = {lane.name: {"state": lane.state, "error": lane.error or None} for lane in self.lanes.values()}
        return {"status": self.state(), "models": models}

    def catalogue(self) -> dict[str, Any]:
        return {"object": "list", "data": [_card(lane) for lane in self.lanes.values()]}

    def lane(self, name: str) -> Lane:
        """The lane that serves `name`; RequestProblem (404) lists what is served."""
        lane = self.lanes.get(name)
        if lane is None:
            raise unknown_model(name, list(self.lanes))
        return lane

    async def sequence(self, lane: Lane, request: ChatRequest) -> Sequence:
        """The request in the model's tokens; RequestProblem when it does not fit the model."""
        return await asyncio.to_thread(lane.model().sequence, request)


def _card(lane: Lane) -> dict[str, Any]:
    card: dict[str, Any] = {"id": lane.name, "object": "model", "created": lane.created, "owned_by": "flywheel"}
    context = lane.batch.model.context if lane.batch else None
    return card | {"root": lane.name, "parent": None, "max_model_len": context}


def _span_writer(settings: EngineSettings) -> "SpanWriter | None":
    if settings.spool_dir is None:
        return None
    from apps.serving.local_engine.tracing import SpanWriter

    return SpanWriter(settings.spool_dir)
