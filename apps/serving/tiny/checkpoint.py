"""The state of an unfinished training run on disk: weights, optimizer, step and losses."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


class CheckpointError(RuntimeError):
    """The folder holds no checkpoint of the run that is to be continued."""


@dataclass
class Progress:
    """What is known after `step` steps."""

    step: int
    losses: list[float]
    """mean weighted loss per token of every step"""
    cpu_seconds: float
    wall_seconds: float


def save(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, progress: Progress, run: str) -> None:
    """Write a checkpoint of the run named `run` (its settings); a crash leaves the old one or the new one."""
    state = {
        "run": run,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "progress": vars(progress),
    }
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def restore(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, run: str) -> Progress:
    """Load a checkpoint into `model` and `optimizer`. Raises CheckpointError if there is none of this run."""
    if not path.exists():
        raise CheckpointError(f"--resume: {path} does not exist; leave --resume out to start anew")
    state: dict[str, Any] = torch.load(path, weights_only=True)
    if state["run"] != run:
        raise CheckpointError(f"--resume: {path} belongs to a run with other settings or data: {state['run']}")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
