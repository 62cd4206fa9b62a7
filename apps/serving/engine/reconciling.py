"""What the registry says should be in the engine, and what is: the difference is made good."""

import logging

from django.conf import settings

from apps.compute.services import ArtifactDamaged
from apps.serving.engine.adapters import put_in_place, remove_from_place
from apps.serving.engine.engine_calls import (
    AdapterNotLoaded,
    load_into_engine,
    served_by_engine,
    unload_from_engine,
)
from apps.serving.models import LocalModel

log = logging.getLogger("flywheel.serving")


def load_missing_adapters() -> list[str]:
    """Load every adapter in service that the engine lacks, unload those out of service; names of what was loaded.

    One that fails is logged and keeps none of the others back; with the engine away nothing is done.
    """
    adapters = LocalModel.objects.adapters().select_related("model__provider", "artifact", "base__model")
    if not settings.ENGINE_URL or not adapters.exists():
        return []
    try:
        served = served_by_engine()
    except AdapterNotLoaded as error:
        log.info("%s The adapters are looked after once it answers.", error)
        return []
    wanted = list(adapters.in_service())
    for adapter in adapters.exclude(id__in=[adapter.id for adapter in wanted]):
        if adapter.model.upstream_name in served:
            give_up(adapter)
    return [adapter.model.name for adapter in wanted if adapter.model.upstream_name not in served and bring(adapter)]


def load(adapter: LocalModel) -> None:
    """Put the adapter's folder in place and have the engine serve it; AdapterNotLoaded when it refuses."""
    if adapter.base is None:
        raise AdapterNotLoaded(f"{adapter} is a base model: the engine loads it at its start.")
    try:
        folder = put_in_place(adapter)
    except (ArtifactDamaged, OSError) as error:
        raise AdapterNotLoaded(f"The weights of {adapter} cannot be put in place: {error}") from error
    load_into_engine(name=adapter.model.upstream_name, folder=str(folder), base=adapter.base.model.upstream_name)


def unload(adapter: LocalModel) -> None:
    """Take the folder away first, so that no engine finds it again, then have the engine let go of it."""
    remove_from_place(adapter)
    unload_from_engine(name=adapter.model.upstream_name)


def bring(adapter: LocalModel) -> bool:
    try:
        load(adapter)
    except Exception:
        log.exception("The adapter %s could not be loaded", adapter)
        return False
    log.info("The adapter %s is loaded into the engine", adapter)
    return True


def give_up(adapter: LocalModel) -> None:
    try:
        unload(adapter)
    except AdapterNotLoaded as error:
        log.warning("The adapter %s is out of service but still loaded: %s", adapter, error)
