"""What the library logs, in the words of the pages."""

import math
from collections.abc import Mapping
from typing import Any, Final

from apps.finetuning.trainer.problems import TrainerProblem

NAMES: Final = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "mean_token_accuracy": "mean_token_accuracy",
    "eval_loss": "validation_loss",
    "eval_mean_token_accuracy": "validation_token_accuracy",
}
WORDS: Final = {"loss": "loss", "grad_norm": "gradient"}


def figures_of(logs: Mapping[str, Any], step: int) -> dict[str, float]:
    """TrainerProblem once the training has come to nothing: from there on every weight is NaN."""
    figures = {NAMES[name]: float(value) for name, value in logs.items() if name in NAMES}
    for name, word in WORDS.items():
        if not math.isfinite(figures.get(name, 0.0)):
            raise TrainerProblem(
                f"The {word} is no number any more at step {step}. "
                "Choose a lower learning_rate, and look at the rows for odd ones."
            )
    return figures
