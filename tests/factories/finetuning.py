"""Bases with weights, datasets to learn from, and runs as they stand at every moment of their lives."""

import itertools
from pathlib import Path
from typing import Any

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.compute.models import Attempt, Job, JobMetric
from apps.compute.services import ensure_pool
from apps.datasets.domain.rows import Row
from apps.datasets.models import DatasetVersion
from apps.datasets.services import create_dataset, make_version
from apps.finetuning.models import FinetuneRun
from apps.finetuning.services import start_finetune
from apps.serving.domain.harbor_desk import MODEL_FOLDER
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import add_model, connect_local_engine, register_base
from llmkit import clock

_numbers = itertools.count(1)


def make_base(project: Project, *, folder: Path = MODEL_FOLDER, name: str | None = None) -> CatalogueModel:
    """A model of the local engine whose weights lie in `folder`."""
    provider = Provider.objects.for_project(project).filter(kind=Provider.Kind.LOCAL).first()
    provider = provider or connect_local_engine(actor=Actor(), project=project)
    name = name or f"tiny-{next(_numbers)}"
    model = add_model(actor=Actor(), provider=provider, name=name, upstream_name=name, context_tokens=512)
    register_base(actor=Actor(), model=model, folder=folder)
    return model


def make_lessons(project: Project, *, train: int = 12, validation: int = 2, name: str | None = None) -> DatasetVersion:
    """A dataset version with so many rows in these splits, and one for tests."""
    splits = ["train"] * train + ["validation"] * validation + ["test"]
    rows = [
        Row(
            messages=[
                {"role": "user", "content": f"Question {number}"},
                {"role": "assistant", "content": f"Answer {number}"},
            ],
            split=split,
        )
        for number, split in enumerate(splits)
    ]
    dataset = create_dataset(actor=Actor(), project=project, name=name or f"lessons-{next(_numbers)}")
    return make_version(actor=Actor(), dataset=dataset, rows=rows)


def make_run(
    project: Project,
    *,
    base: CatalogueModel | None = None,
    version: DatasetVersion | None = None,
    name: str | None = None,
    **fields: Any,
) -> FinetuneRun:
    """A run that waits for a worker."""
    known = {"actor": Actor(), "pool": ensure_pool(name="cpu")}
    return start_finetune(
        **{**known, **fields},
        project=project,
        base=base or make_base(project),
        dataset_version=version or make_lessons(project),
        name=name or f"taught-{next(_numbers)}",
    )


def begin(run: FinetuneRun, *, progress: float = 0.4) -> FinetuneRun:
    """Have it run, as a worker would show it."""
    Job.objects.filter(id=run.job_id).update(
        state=Job.State.RUNNING,
        attempt=1,
        progress=progress,
        stage="training, step 40 of 100",
        seconds_left=75.0,
        started_at=clock.now(),
    )
    Attempt.objects.create(job=run.job, number=1)
    run.job.refresh_from_db()
    return run


def learn(run: FinetuneRun, losses: dict[int, float], validation: dict[int, float] | None = None) -> None:
    """Store what was measured, by step."""
    for step in sorted({*losses, *(validation or {})}):
        values = {"loss": losses.get(step), "validation_loss": (validation or {}).get(step)}
        JobMetric.objects.create(
            job=run.job, attempt=1, step=step, values={name: figure for name, figure in values.items() if figure}
        )


def leave_adapter(folder: Path) -> Path:
    """What a trainer leaves behind, for those who don't look inside."""
    adapter = folder / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    return adapter
