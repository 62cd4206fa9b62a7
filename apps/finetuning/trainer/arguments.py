"""The recipe in the words of TRL."""

import torch
from trl.trainer.sft_config import SFTConfig

from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.trainer.model import uses_bfloat16
from apps.finetuning.trainer.spec import Spec

# More points than this make no better curve.
MOST_POINTS = 400


def arguments_of(spec: Spec, *, rows: int, validation_rows: int) -> SFTConfig:
    recipe = spec.recipe
    each_epoch, total = recipe.steps_per_epoch(rows), recipe.steps(rows)
    return SFTConfig(
        output_dir=str(spec.checkpoints),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.scheduler,
        warmup_steps=warmup_steps(recipe, total),
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size * 2,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_gradient,
        neftune_noise_alpha=recipe.embedding_noise or None,
        seed=recipe.seed,
        data_seed=recipe.seed,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_steps=max(1, total // MOST_POINTS),
        # A loss that is no number must be seen, not averaged away.
        logging_nan_inf_filter=False,
        eval_strategy="steps" if validation_rows else "no",
        eval_steps=recipe.evaluate_every or each_epoch,
        save_strategy="steps",
        save_steps=recipe.checkpoint_every or each_epoch,
        use_cpu=not torch.cuda.is_available(),
        bf16=uses_bfloat16(),
        activation_checkpointing=torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
    )


def warmup_steps(recipe: Recipe, total: int) -> int:
    return round(total * recipe.warmup_share)
