"""What the HTTP layer asks: which models there are, and an answer to one request."""

import asyncio
from typing import TYPE_CHECKING, Any

from apps.serving.local_engine.adapters import Adapters
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
        self.adapters = Adapters(self.scheduler)
        self.metrics = Metrics(lambda: self.scheduler.lanes)
        self.spans = _span_writer(settings)

    def state(self) -> str:
        """ready once every model is; else draining, failed or loading. An adapter that failed holds nobody up."""
        if self.scheduler.draining:
            return DRAINING
        states = {lane.state for lane in self.scheduler.lanes if not (lane.is_adapter and lane.state == FAILED)}
        return next((state for state in (FAILED, LOADING) if state in states), READY)

    def health(self) -> dict[str, Any]:
        models = {lane.name: {"state": lane.state, "error": lane.error or None} for lane in self.scheduler.lanes}
        return {"status": self.state(), "models": models}

    def catalogue(self) -> dict[str, Any]:
        """Bases in any state, and the adapters that answer."""
        shown = [lane for lane in self.scheduler.lanes if not lane.is_adapter or lane.state == READY]
        return {"object": "list", "data": [_card(lane) for lane in shown]}

    async def lane(self, name: str) -> Lane:
        """The lane that serves `name`, loaded now if it is an adapter that lies ready; RequestProblem (404) else."""
        lane = self.scheduler.lane(name)
        if lane is None or (lane.is_adapter and lane.state == FAILED):
            lane = await self.adapters.on_demand(name) or lane
        if lane is None:
            raise unknown_model(name, [lane.name for lane in self.scheduler.lanes])
        return lane

    async def sequence(self, lane: Lane, request: ChatRequest) -> Sequence:
        """The request in the model's tokens; RequestProblem when it does not fit the model."""
        return await asyncio.to_thread(lane.model().sequence, request)


def _card(lane: Lane) -> dict[str, Any]:
    card: dict[str, Any] = {"id": lane.name, "object": "model", "created": lane.created, "owned_by": "flywheel"}
    context = lane.batch.model.context if lane.batch else None
    return card | {"root": str(lane.folder.path), "parent": lane.parent or None, "max_model_len": context}


def _span_writer(settings: EngineSettings) -> "SpanWriter | None":
    if settings.spool_dir is None:
        return None
    from apps.serving.local_engine.tracing import SpanWriter

    return SpanWriter(settings.spool_dir)
