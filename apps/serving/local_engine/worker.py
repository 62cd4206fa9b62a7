"""The generation thread's life: load every model, then step through the batches until told to end."""

import gc
import importlib
import logging
import threading
import time

import torch

from apps.serving.local_engine.adapter_folder import read_adapter, stamp_of
from apps.serving.local_engine.adapter_loading import load_beside
from apps.serving.local_engine.batch import Batch
from apps.serving.local_engine.chat_text import LoadProblem
from apps.serving.local_engine.lane import Lane
from apps.serving.local_engine.loading import load_model
from apps.serving.local_engine.problems import RequestProblem
from apps.serving.local_engine.scheduler import Delivery, Scheduler

log = logging.getLogger("flywheel.engine")


def run(scheduler: Scheduler) -> None:
    settings = scheduler.settings
    torch.set_num_threads(settings.threads)
    for lane in scheduler.lanes:
        if not scheduler.stopping:
            _load_first(scheduler, lane)
    if settings.adapters_dir is not None:
        # The library takes seconds to import, which no stream shall wait for: beside the steps, once.
        threading.Thread(target=_prepare_for_adapters, args=(scheduler,), name="import", daemon=True).start()
    # What is loaded stays to the end: no collection needs to look at it again.
    gc.freeze()
    gc.enable()
    with torch.inference_mode():
        while lanes := scheduler.wait_for_work():
            scheduler.post([delivery for lane in lanes for delivery in _step(lane)])
            if order := scheduler.take_order():
                # One between two steps: the streams wait for one adapter at most.
                lane, done = order
                _load_adapter(scheduler, lane)
                scheduler.finish_order(done)
    _abort_all(scheduler)


def _load_first(scheduler: Scheduler, lane: Lane) -> None:
    settings = scheduler.settings
    if not lane.is_adapter:
        _load(lane, settings.device, settings.max_context)
    elif settings.adapters_dir is not None:
        lane.stamp = stamp_of(lane.folder.path)
        try:
            bases = scheduler.base_folders()
            folder = read_adapter(settings.adapters_dir, lane.name, lane.folder.path, None, bases)
        except (RequestProblem, OSError) as problem:
            log.warning("The adapter %s is not served: %s", lane.name, problem)
            lane.close(str(problem))
            return
        lane.parent, lane.digest = folder.base, folder.digest
        _load_adapter(scheduler, lane)


def _load_adapter(scheduler: Scheduler, lane: Lane) -> None:
    begun = time.monotonic()
    base = scheduler.lane(lane.parent)
    if base is None or base.batch is None:
        lane.close(f"its base {lane.parent!r} is not loaded.")
        return
    try:
        batch = Batch(load_beside(base.batch.model, lane.folder.path))
    except Exception as error:
        log.exception("The adapter %s could not be loaded from %s", lane.name, lane.folder.path)
        lane.close(str(error) if isinstance(error, LoadProblem) else f"{type(error).__name__}: {error}")
        return
    lane.open(batch, time.monotonic() - begun)
    log.info("%s is ready: an adapter of %s, loaded in %.0f ms", lane.name, lane.parent, lane.load_seconds * 1000)


def _prepare_for_adapters(scheduler: Scheduler) -> None:
    try:
        importlib.import_module("peft")
    except ImportError:
        # The loading itself says so again, to whoever asks for an adapter.
        log.warning("peft cannot be imported, so no adapter can be served.", exc_info=True)
    scheduler.take_adapters()


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
    scheduler.refuse_orders("The engine is shutting down.")
    left = scheduler.take_waiting()
    for lane in (*scheduler.lanes, *scheduler.retired):
        left += lane.batch.empty() if lane.batch else []
    scheduler.post([(sequence, sequence.abort()) for sequence in left])
