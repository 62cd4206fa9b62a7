"""The base and its tokenizer from a folder, and the matrices that are trained beside it."""

from collections.abc import Iterable
from typing import Any

import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer

from apps.finetuning.domain.recipe import ALL_LINEAR, Recipe
from apps.finetuning.trainer.problems import TrainerProblem
from apps.finetuning.trainer.spec import Spec


def load_tokenizer(spec: Spec) -> Any:
    """padding_side is not saved with a tokenizer; training pads on the right."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(spec.base, local_files_only=True, padding_side="right")
    except (OSError, ValueError) as error:
        raise TrainerProblem(f"The tokenizer of the base cannot be loaded: {error}") from error
    if not tokenizer.chat_template:
        raise TrainerProblem(
            f"The base in {spec.base} has no chat template, so conversations cannot be put before it. "
            "Add a chat_template.jinja to its folder."
        )
    if tokenizer.pad_token is None and tokenizer.eos_token is None:
        raise TrainerProblem("The base's tokenizer has neither a padding nor an end token.")
    return tokenizer


def load_base(spec: Spec) -> Any:
    """In float32 on a CPU, where half precision is slower; in bfloat16 on a device that has it."""
    dtype = torch.bfloat16 if uses_bfloat16() else torch.float32
    try:
        return AutoModelForCausalLM.from_pretrained(spec.base, local_files_only=True, dtype=dtype)
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainerProblem(f"The base in {spec.base} cannot be loaded: {error}") from error


def uses_bfloat16() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def longest(base: Any, recipe: Recipe) -> int:
    """Tokens of a row: the recipe's, or what the base was made for if that is less."""
    made_for = getattr(base.config.get_text_config(), "max_position_embeddings", None)
    return min(recipe.max_length, made_for or recipe.max_length)


def lora_of(recipe: Recipe, base: Any, tokens: Iterable[int]) -> LoraConfig:
    """tokens: those of the rows; with train_embeddings their lines of the embedding are learnt and saved.

    Only these lines, since the whole matrix would make an adapter as large as a small model.
    """
    targets = recipe.target_modules
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=targets if targets == ALL_LINEAR else targets.split(","),
        task_type="CAUSAL_LM",
    )
    if recipe.train_embeddings:
        config.trainable_token_indices = sorted(set(tokens))
        config.ensure_weight_tying = bool(base.config.get_text_config().tie_word_embeddings)
    return config


def mend_tied_head(model: Any) -> None:
    """TRL's loss asks the output layer for its bias, which PEFT's wrapper around a tied one does not pass on."""
    head = model.get_base_model().get_output_embeddings()
    if not hasattr(head, "bias"):
        head.bias = None
