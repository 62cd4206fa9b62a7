"""How a base is finetuned: every setting with its default and its bounds."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

METHODS: Final = ("lora",)
SCHEDULERS: Final = ("cosine", "linear", "constant", "constant_with_warmup")
ALL_LINEAR: Final = "all-linear"
LONGEST_SYSTEM_PROMPT: Final = 20_000
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")


class RecipeProblem(ValueError):
    """A recipe that cannot be followed; `field` names the setting."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Bounds:
    least: float
    most: float


@dataclass(frozen=True)
class Recipe:
    """LoRA: rank and alpha of its matrices, target_modules "all-linear" or names of layers parted by commas.

    train_embeddings: also learn the embeddings of the tokens in the rows, which words need that are new to the base;
    saved with the adapter. embedding_noise: NEFTune's alpha; prompt_noise: share of the tokens before the answer that
    are swapped for others at random, anew in each epoch (SwitchOut). Both work against learning rows by heart.
    batch_size: rows per forward pass, of which gradient_accumulation make a step. warmup_share: of all steps.
    evaluate_every, checkpoint_every: steps; 0 means once per epoch. max_length: tokens; longer rows are refused.
    system_prompt: put before every conversation that has none, so that training sees what serving sees.
    threads: CPU threads of the trainer; 0 means one per core.
    """

    method: str = "lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: str = ALL_LINEAR
    train_embeddings: bool = False
    embedding_noise: float = 0.0
    prompt_noise: float = 0.0
    epochs: int = 4
    learning_rate: float = 2e-3
    batch_size: int = 8
    gradient_accumulation: int = 1
    warmup_share: float = 0.05
    scheduler: str = "cosine"
    max_length: int = 1024
    weight_decay: float = 0.0
    max_gradient: float = 1.0
    seed: int = 7
    evaluate_every: int = 0
    checkpoint_every: int = 0
    system_prompt: str = ""
    threads: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Recipe":
        """From JSON, where what is missing takes its default; RecipeProblem names what does not fit."""
        if not isinstance(stored, Mapping):
            raise RecipeProblem("recipe", 'A recipe is an object of settings, such as {"epochs": 4}.')
        known = {field.name: field.type for field in fields(cls)}
        for name in stored:
            if name not in known:
                raise RecipeProblem(str(name), f"{name} is not a setting. There are: {', '.join(known)}.")
        return cls(**{name: _checked(name, value, type(getattr(cls, name))) for name, value in stored.items()})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def steps_per_epoch(self, rows: int) -> int:
        """Optimizer steps in which every row is seen once; the last one may be smaller."""
        return max(1, math.ceil(math.ceil(rows / self.batch_size) / self.gradient_accumulation))

    def steps(self, rows: int) -> int:
        return self.steps_per_epoch(rows) * self.epochs


BOUNDS: Final = {
    "rank": Bounds(1, 512),
    "alpha": Bounds(1, 2048),
    "dropout": Bounds(0, 0.9),
    "embedding_noise": Bounds(0, 100),
    "prompt_noise": Bounds(0, 0.9),
    "epochs": Bounds(1, 100),
    "learning_rate": Bounds(1e-7, 0.1),
    "batch_size": Bounds(1, 256),
    "gradient_accumulation": Bounds(1, 1024),
    "warmup_share": Bounds(0, 0.5),
    "max_length": Bounds(16, 131_072),
    "weight_decay": Bounds(0, 1),
    "max_gradient": Bounds(0.01, 1000),
    "seed": Bounds(0, 2**31 - 1),
    "evaluate_every": Bounds(0, 100_000),
    "checkpoint_every": Bounds(0, 100_000),
    "threads": Bounds(0, 256),
}
CHOICES: Final = {"method": METHODS, "scheduler": SCHEDULERS}


def _checked(name: str, value: Any, kind: type) -> Any:
    if kind is bool:
        return _flag(name, value)
    return _text(name, value) if kind is str else _number(name, value, kind)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RecipeProblem(name, f"{name} is true or false.")
    return value


def _number(name: str, value: Any, kind: type) -> int | float:
    bounds = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeProblem(name, f"{name} is a number.")
    if not bounds.least <= value <= bounds.most:  # NaN fails too
        raise RecipeProblem(name, f"{name} lies between {bounds.least:g} and {bounds.most:g}.")
    if kind is int and value != int(value):
        raise RecipeProblem(name, f"{name} is a whole number.")
    return int(value) if kind is int else float(value)


def _text(name: str, value: Any) -> str:
    if name == "target_modules" and isinstance(value, list | tuple):
        value = ",".join(str(part) for part in value)
    if not isinstance(value, str):
        raise RecipeProblem(name, f"{name} is text.")
    if name in CHOICES and value not in CHOICES[name]:
        raise RecipeProblem(name, f"{name} is one of: {', '.join(CHOICES[name])}.")
    if name == "target_modules":
        return _modules(value)
    if "\0" in value or len(value) > LONGEST_SYSTEM_PROMPT:
        raise RecipeProblem(name, f"{name} has at most {LONGEST_SYSTEM_PROMPT:,} characters, none of them NUL.")
    return value


def _modules(value: str) -> str:
    names = [part.strip() for part in value.split(",")]
    if value != ALL_LINEAR and not all(_MODULE.match(name) for name in names):
        raise RecipeProblem("target_modules", f"target_modules is {ALL_LINEAR} or names of layers: q_proj, v_proj.")
    return ",".join(names)
