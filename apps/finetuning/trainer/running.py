"""One training from its folder to its adapter."""

import logging
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers.utils import logging as transformers_logging

from apps.compute.domain.reporting import Reporter
from apps.finetuning.trainer.arguments import arguments_of
from apps.finetuning.trainer.checkpoints import write_whole
from apps.finetuning.trainer.model import load_base, load_tokenizer, longest, lora_of, mend_tied_head
from apps.finetuning.trainer.problems import TrainerProblem
from apps.finetuning.trainer.rows import common_beginning, read_rows
from apps.finetuning.trainer.sft import CheckpointingTrainer
from apps.finetuning.trainer.spec import Spec, read_spec

LIBRARIES = ("torch", "transformers", "peft", "trl")


def train(folder: Path, reporter: Reporter) -> bool:
    """Whether it came to its end; False when it was asked to stop and left a checkpoint."""
    began = time.monotonic()
    _be_quiet()
    spec = read_spec(folder)
    if spec.recipe.threads:
        torch.set_num_threads(spec.recipe.threads)
    reporter.progress(0.0, stage="loading the base")
    trainer, rows = _trainer_of(spec, reporter)
    if not _run(trainer, spec, reporter):
        return False
    reporter.progress(1.0, stage="saving the adapter")
    write_whole(spec.adapter, lambda beside: _save_adapter(trainer.model, beside), "the adapter")
    reporter.result(**_summary(trainer), rows=rows, seconds=round(time.monotonic() - began, 2))
    return True


def _trainer_of(spec: Spec, reporter: Reporter) -> tuple[CheckpointingTrainer, int]:
    """And the number of rows that it trains on."""
    tokenizer, base = load_tokenizer(spec), load_base(spec)
    read = partial(
        read_rows, tokenizer=tokenizer, system_prompt=spec.recipe.system_prompt, max_length=longest(base, spec.recipe)
    )
    rows, validation = read(spec.folder / "train.jsonl"), read(spec.folder / "validation.jsonl")
    if not len(rows):
        raise TrainerProblem("train.jsonl is empty: there is nothing to learn from.")
    tokens = {token for ids in rows["input_ids"] for token in ids}
    try:
        trainer = CheckpointingTrainer(
            reporter=reporter,
            prompt_noise=spec.recipe.prompt_noise,
            first=common_beginning(rows),
            model=base,
            args=arguments_of(spec, rows=len(rows), validation_rows=len(validation)),
            train_dataset=rows,
            eval_dataset=validation if len(validation) else None,
            processing_class=tokenizer,
            peft_config=lora_of(spec.recipe, base, tokens),
        )
    except ValueError as error:
        if "target modules" in str(error).lower():
            raise TrainerProblem(f"The base has no layers called {spec.recipe.target_modules}.") from error
        raise
    mend_tied_head(trainer.model)
    return trainer, len(rows)


def _run(trainer: CheckpointingTrainer, spec: Spec, reporter: Reporter) -> bool:
    try:
        trainer.train(resume_from_checkpoint=str(spec.checkpoint) if spec.checkpoint else None)
    except torch.OutOfMemoryError as error:
        raise TrainerProblem(
            "The device ran out of memory. Choose a smaller batch_size with more gradient_accumulation, "
            "or a shorter max_length."
        ) from error
    return bool(trainer.state.global_step >= trainer.state.max_steps)


def _save_adapter(model: Any, beside: Path) -> None:
    model.save_pretrained(str(beside), safe_serialization=True, save_embedding_layers=False)
    for path in beside.iterdir():
        path.chmod(0o644)  # the library makes files that only their owner can read
    (beside / "README.md").unlink(missing_ok=True)


def _summary(trainer: CheckpointingTrainer) -> dict[str, Any]:
    """loss: mean of what was logged last; validation_loss: of the last evaluation, None without validation rows."""
    history = trainer.state.log_history
    losses = [entry["loss"] for entry in history if "loss" in entry]
    evaluated = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    model: Any = trainer.model
    return {
        "steps": trainer.state.global_step,
        "loss": losses[-1] if losses else None,
        "validation_loss": evaluated[-1] if evaluated else None,
        "trainable_parameters": sum(each.numel() for each in model.parameters() if each.requires_grad),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _be_quiet() -> None:
    """The log is for what matters: no bars, no hints of libraries to their developers."""
    datasets.disable_progress_bars()
    quiet: Any = transformers_logging
    quiet.disable_progress_bar()
    quiet.set_verbosity_warning()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
