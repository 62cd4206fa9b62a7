"""Adapters that come and go while the engine serves: on request, and when somebody asks for one that lies ready."""

import asyncio
import logging
from pathlib import Path

from apps.serving.domain.names import is_adapter_name
from apps.serving.local_engine.adapter_folder import is_adapter_folder, read_adapter, stamp_of
from apps.serving.local_engine.lane import FAILED, READY, Lane
from apps.serving.local_engine.problems import RequestProblem, unknown_model, unusable_adapter, wrong_field
from apps.serving.local_engine.scheduler import Scheduler
from apps.serving.local_engine.settings import ModelFolder

log = logging.getLogger("flywheel.engine")


class Adapters:
    """Lives on the event loop; one adapter is looked at and loaded at a time."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.settings = scheduler.settings
        self._turn = asyncio.Lock()
        # Unloaded on request: not found again by the next caller who asks for them, only by an explicit load.
        self._put_away: set[str] = set()

    async def load(self, name: str, path: str, base: str | None) -> Lane:
        """Serve the adapter in `path` as `name`; RequestProblem when it cannot be. Loaded already: nothing happens.

        Another adapter of that name goes on with what it has begun, and gets nothing new.
        """
        if not is_adapter_name(name):
            raise wrong_field("lora_name", "lora_name: letters, digits and . _ - only, at most 200 of them.")
        async with self._turn:
            lane = await self._loaded(name, Path(path), base)
            self._put_away.discard(name)
        return lane

    def unload(self, name: str) -> None:
        """Take no more requests for the adapter; what is under way is finished. RequestProblem (404): unknown."""
        lane = self.scheduler.lane(name)
        if lane is None or not lane.is_adapter:
            raise unknown_model(name, [lane.name for lane in self.scheduler.lanes if lane.is_adapter], "lora_name")
        self._put_away.add(name)
        self.scheduler.retire(lane)
        log.info("%s is unloaded", name)

    async def on_demand(self, name: str) -> Lane | None:
        """The adapter called `name` that lies in the folder of adapters, loaded now; None when there is none.

        Replicas that share the folder come to serve an adapter this way without being told.
        """
        root = self.settings.adapters_dir
        if root is None or not is_adapter_name(name) or name in self._put_away or not is_adapter_folder(root / name):
            return None
        async with self._turn:
            known = self.scheduler.lane(name)
            if known is not None and (known.state == READY or known.stamp == stamp_of(root / name)):
                return known
            stamp = stamp_of(root / name)
            try:
                return await self._loaded(name, Path(name), None)
            except RequestProblem as problem:
                if problem.status == 503:
                    raise
                return self._remember_failure(name, stamp, problem.message)

    async def _loaded(self, name: str, path: Path, base: str | None) -> Lane:
        root, known = self.settings.adapters_dir, self.scheduler.lane(name)
        if root is None:
            raise RequestProblem(400, "This engine was started without --adapters DIR.", code="adapters_off")
        if known is not None and not known.is_adapter:
            raise wrong_field("lora_name", f"lora_name: {name!r} is the name of a base model.", "name_taken")
        folder = await asyncio.to_thread(read_adapter, root, name, path, base, self.scheduler.base_folders())
        if known is not None and known.state == READY and (known.parent, known.digest) == (folder.base, folder.digest):
            return known
        on = self.scheduler.lane(folder.base)
        if on is not None:
            on.model()  # RequestProblem (503) while the base is not there
        lane = Lane(ModelFolder(name, folder.path), self.settings.max_batch, self.settings.max_queue, adapter=True)
        lane.parent, lane.digest = folder.base, folder.digest
        await self.scheduler.load(lane)
        if lane.state == FAILED:
            raise unusable_adapter(f"The adapter {name!r} could not be loaded: {lane.error}")
        self.scheduler.publish(lane)
        return lane

    def _remember_failure(self, name: str, stamp: tuple[int, ...], message: str) -> Lane:
        lane = Lane(ModelFolder(name, Path(name)), self.settings.max_batch, self.settings.max_queue, adapter=True)
        lane.stamp = stamp
        lane.close(message)
        self.scheduler.publish(lane)
        return lane
