"""The job of a finetuning run: what its trainer gets, and what becomes of the adapter that it leaves."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import JobProblem, Plan, store_folder
from apps.datasets.models import VersionRow
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.engine.checking import complaint_about_rows, complaint_about_weights
from apps.finetuning.engine.inputs import SPEC, write_rows
from apps.finetuning.models import FinetuneRun
from apps.finetuning.signals import run_ended
from apps.serving.domain.model_folders import ADAPTER_CONFIG, read_object
from apps.serving.models import LocalModel
from apps.serving.services import AdapterNotLoaded, load_adapter, register_adapter

log = logging.getLogger("flywheel.finetuning")
ADAPTER = "adapter"


class FinetuneKind:
    name = "finetune"

    def prepare(self, job: Job, folder: Path, checkpoint: Path | None) -> Plan:
        run = run_of(job)
        base = _base_of(run)
        rows = write_rows(run.dataset_version, VersionRow.Split.TRAIN, folder / "train.jsonl")
        if complaint := complaint_about_rows(run.dataset_version, rows):
            raise JobProblem(complaint)
        write_rows(run.dataset_version, VersionRow.Split.VALIDATION, folder / "validation.jsonl")
        if checkpoint and _made_for_another(checkpoint, base):
            log.warning("%s begins anew: its checkpoint belongs to the weights that %s had before.", run, run.base)
            checkpoint = None
        spec = {"base": base.folder, "recipe": run.recipe, "checkpoint": str(checkpoint) if checkpoint else None}
        (folder / SPEC).write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
        argv = [sys.executable, "-m", "apps.finetuning.trainer", str(folder)]
        return Plan(argv=argv, env=environment(Recipe.from_json(run.recipe)))

    def succeed(self, job: Job, folder: Path, reported: dict[str, Any]) -> None:
        run = run_of(job)
        base = _base_after_training(run, folder / ADAPTER)
        run.adapter = store_folder(project=run.project, kind=ADAPTER, folder=folder / ADAPTER, job=job)
        try:
            run.model = register_adapter(
                actor=Actor(user=run.created_by),
                base=base,
                name=run.name,
                artifact=run.adapter,
                recipe=run.recipe,
                dataset_version_id=run.dataset_version_id,
                run_id=run.id,
                description=f"{run.base}, finetuned on {run.dataset_version}"[:300],
            )
        except ValidationError as error:
            raise JobProblem(f"It was trained, but can't be registered. {' '.join(error.messages)}") from error
        run.save(update_fields=["adapter", "model"])

    def ended(self, job: Job) -> None:
        run = run_of(job)
        if run.model is not None:
            try:
                load_adapter(model=run.model)
            except AdapterNotLoaded as error:
                # The model stays in the catalogue, and serving goes on trying to load it.
                log.warning("The new model %s is not served yet: %s", run.model, error)
        run_ended.send(sender=FinetuneRun, run_id=run.id)


def run_of(job: Job) -> FinetuneRun:
    related = ("project", "base__provider", "dataset_version__dataset", "created_by", "model")
    return FinetuneRun.objects.select_related(*related).get(job=job)


def environment(recipe: Recipe) -> dict[str, str]:
    """Threads as the recipe says, and no library that asks the network."""
    threads = str(recipe.threads or os.cpu_count() or 1)
    return {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        # Threads that wait sleep: on a machine that also serves, spinning ones make everything several times slower.
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def _base_of(run: FinetuneRun) -> LocalModel:
    local = LocalModel.objects.filter(model=run.base).select_related("model").first()
    if local is None:
        raise JobProblem(f"The weights of {run.base} are not on this installation any more.")
    if complaint := complaint_about_weights(local):
        raise JobProblem(complaint)
    return local


def _base_after_training(run: FinetuneRun, adapter: Path) -> LocalModel:
    """The base, unless it went or became another one meanwhile: an adapter is of no use without the one it knows."""
    try:
        base = _base_of(run)
    except JobProblem as problem:
        text = f"It was trained, but meanwhile its base went. {problem} Once it is back, try again."
        raise JobProblem(text) from problem
    if _made_for_another(adapter, base):
        raise JobProblem(
            f"It was trained, but meanwhile {run.base} got other weights: those in {base.folder}. "
            "Try again to train on these."
        )
    return base


def _made_for_another(adapter: Path, base: LocalModel) -> bool:
    """As far as the adapter, or the checkpoint, says which weights it was trained on."""
    trained_on = read_object(adapter / ADAPTER_CONFIG).get("base_model_name_or_path")
    return bool(trained_on) and Path(str(trained_on)) != Path(base.folder)
