"""Adapters as folders that the local engine reads: `ADAPTERS_DIR/<name in the engine>/`."""

import json
import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from apps.compute.services import fetch_artifact
from apps.serving.domain.model_folders import ADAPTER_NOTE, read_object
from apps.serving.models import LocalModel


def folder_of(adapter: LocalModel) -> Path:
    return Path(settings.ADAPTERS_DIR) / adapter.model.upstream_name


def put_in_place(adapter: LocalModel) -> Path:
    """The adapter's folder with what its artifact holds: written beside and renamed, so that no reader sees half."""
    artifact, base = adapter.artifact, adapter.base
    if artifact is None or base is None:
        raise ValueError(f"{adapter} is no adapter.")
    folder = folder_of(adapter)
    note = {"base": base.model.upstream_name, "digest": artifact.digest}
    if read_object(folder / ADAPTER_NOTE) == note:
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".writing-") as beside:
        written = fetch_artifact(artifact=artifact, into=Path(beside) / "adapter")
        (written / ADAPTER_NOTE).write_text(json.dumps(note))
        if folder.exists():
            folder.rename(Path(beside) / "before")
        try:
            written.rename(folder)
        except OSError:
            # Somebody else was quicker with the same adapter.
            if read_object(folder / ADAPTER_NOTE) != note:
                raise
    return folder


def remove_from_place(adapter: LocalModel) -> None:
    shutil.rmtree(folder_of(adapter), ignore_errors=True)
