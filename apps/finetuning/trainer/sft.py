"""TRL's trainer, with checkpoints that are whole or not there, and ears for the supervisor."""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback
from trl.trainer.sft_trainer import SFTTrainer

from apps.compute.domain.reporting import Reporter
from apps.finetuning.trainer.checkpoints import drop_old, write_whole
from apps.finetuning.trainer.figures import figures_of
from apps.finetuning.trainer.noise import switch_out


class CheckpointingTrainer(SFTTrainer):
    """prompt_noise: share of the questions' tokens that are exchanged while it trains, from the position `first` on."""

    def __init__(self, *, reporter: Reporter, prompt_noise: float = 0.0, first: int = 0, **rest: Any) -> None:
        super().__init__(**rest)
        self._reporter, self._prompt_noise, self._first = reporter, prompt_noise, first
        self._special = torch.tensor(sorted({*self._tokenizer.all_special_ids, self._tokenizer.pad_token_id}))
        self._beside: Path | None = None
        self.remove_callback(PrinterCallback)
        self.add_callback(Ears(reporter))

    def compute_loss(self, model: Any, inputs: dict[str, Any], *more: Any, **options: Any) -> Any:
        if self._prompt_noise and model.training:
            ids, labels = inputs["input_ids"][:, self._first :], inputs["labels"][:, self._first :]
            changed = switch_out(ids, labels, share=self._prompt_noise, special=self._special.to(ids.device))
            inputs["input_ids"] = torch.cat([inputs["input_ids"][:, : self._first], changed], dim=1)
        return super().compute_loss(model, inputs, *more, **options)

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._beside or self.args.output_dir)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        name = f"checkpoint-{step}"
        folder = Path(str(self.args.output_dir))

        def write(beside: Path) -> None:
            self._beside = beside
            # Past TRL's own, which adds a model card.
            Trainer._save_checkpoint(self, model, trial)
            for path in (beside / name).iterdir():
                path.rename(beside / path.name)
            (beside / name).rmdir()

        try:
            done = write_whole(folder / name, write, f"the checkpoint at step {step}")
        finally:
            self._beside = None
        self._reporter.checkpoint(step, done)
        drop_old(folder)


class Ears(TrainerCallback):
    """Passes on how far it is and how well it goes, and hears the wish to stop."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._began = self._said = 0.0
        self._first = self._step = 0
        self._figures: dict[str, float] = {}
        self.stopped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._began, self._first = time.monotonic(), state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        if self._reporter.stopping and state.global_step < state.max_steps:
            self.stopped = True
            control.should_save = control.should_training_stop = True
            control.should_evaluate = False
        if control.should_save:
            # So that the averages begin anew at every checkpoint, and a run that goes on from one logs the same.
            control.should_log = True
        self._say(state)

    def on_log(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        figures = figures_of(rest.get("logs") or {}, state.global_step)
        if not figures:
            return
        # What is said of a step replaces what was said of it before, and evaluations are logged by themselves.
        known = self._figures if self._step == state.global_step else {}
        self._step, self._figures = state.global_step, known | figures
        self._reporter.metric(self._step, **self._figures)
        said = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
        print(f"step {state.global_step} of {state.max_steps}: {said}")

    def _say(self, state: Any) -> None:
        now = time.monotonic()
        if now - self._said < 0.5 and state.global_step < state.max_steps:
            return
        self._said = now
        made = state.global_step - self._first
        left = (state.max_steps - state.global_step) * (now - self._began) / made
        stage = f"training, step {state.global_step:,} of {state.max_steps:,}"
        self._reporter.progress(state.global_step / state.max_steps, stage=stage, seconds_left=left)
