"""The generation thread's life: load every model, then step through the batches until told to end."""

import gc
import logging
import time

import torch

from apps.serving.local_engine.batch import Batch
from apps.serving.local_engine.chat_text import LoadProblem
from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.loading import load_model
from apps.serving.local_engine.scheduler import Delivery, Scheduler

log = logging.getLogger("flywheel.engine")


def run(scheduler: Scheduler) -> None:
    settings = scheduler.settings
    torch.set_num_threads(settings.threads)
    for lane in scheduler.lanes:
        if not scheduler.stopping:
            _load(lane, settings.device, settings.max_context)
    # What is loaded stays to the end: no collection needs to look at it again.
    gc.freeze()
    gc.enable()
    with torch.inference_mode():
        while scheduler.wait_for_work():
            scheduler.post([delivery for lane in scheduler.lanes for delivery in _step(lane)])
    _abort_all(scheduler)


def _load(lane: Lane, device: str, max_context: int | None) -> None:
    begun = time.monotonic()
    try:
        batch = Batch(load_model(lane.folder.path, device, max_context))
    except Exception as error:
        # Whatever this folder holds, the other models are served, and /health says what is wrong with this one.
        log.exception("%s could not be loaded from %s", lane.name, lane.folder.path)
        lane.close(str(error) if isinstance(error, LoadProblem) else f"{type(error).__name__}: {error}")
        return
    lane.open(batch, time.monotonic() - begun)
    log.info("%s is ready: loaded in %.1f s, context %d", lane.name, lane.load_seconds, batch.model.context)


def _step(lane: Lane) -> list[Delivery]:
    if lane.batch is None or not lane.batch.size:
        return []
    try:
        return lane.batch.step()
    except Exception:
        # One broken step must not take the engine down; its sequences cannot go on without their caches.
        log.exception("%s: a step failed", lane.name)
        return [(sequence, sequence.fail()) for sequence in lane.batch.empty()]


def _abort_all(scheduler: Scheduler) -> None:
    left = scheduler.take_waiting()
    for lane in scheduler.lanes:
        left += lane.batch.empty() if lane.batch else []
    scheduler.post([(sequence, sequence.abort()) for sequence in left])
