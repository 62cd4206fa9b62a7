"""Bases and adapters of the local engine for tests: folders that look like models, without the model library."""

import itertools
import json
import uuid
from pathlib import Path

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.models import Artifact
from apps.compute.services import store_folder
from apps.serving.models import CatalogueModel, LocalModel, Provider
from apps.serving.services import connect_local_engine, register_adapter, register_base
from tests.factories.serving import make_model

_numbers = itertools.count(1)


def model_folder(folder: Path, *, context: int = 512) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": context}))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


def make_base(project: Project, folder: Path, *, name: str | None = None, input_nano: int | None = None) -> LocalModel:
    """A catalogue model of the local engine whose weights "lie" in `folder`."""
    provider = Provider.objects.for_project(project).filter(kind=Provider.Kind.LOCAL).first()
    provider = provider or connect_local_engine(actor=Actor(), project=project)
    model = make_model(provider, name=name, input_nano=input_nano, output_nano=7, context_tokens=512)
    return register_base(actor=Actor(), model=model, folder=folder if folder.exists() else model_folder(folder))


def make_artifact(project: Project, folder: Path, *, weights: bytes = b"adapter weights") -> Artifact:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return store_folder(project=project, kind="adapter", folder=folder)


def make_adapter(base: LocalModel, folder: Path, *, name: str | None = None) -> CatalogueModel:
    """A registered adapter with an artifact in the store; nothing is loaded."""
    return register_adapter(
        actor=Actor(),
        base=base,
        name=name or f"adapter-{next(_numbers)}",
        artifact=make_artifact(base.model.project, folder),
        recipe={"method": "lora", "rank": 8},
        dataset_version_id=uuid.uuid4(),
        run_id=uuid.uuid4(),
    )
