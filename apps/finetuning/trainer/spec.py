"""What to do, as the platform wrote it down."""

import json
from dataclasses import dataclass
from pathlib import Path

from apps.finetuning.domain.recipe import Recipe, RecipeProblem
from apps.finetuning.trainer.problems import TrainerProblem


@dataclass(frozen=True)
class Spec:
    """base: folder of the base model. checkpoint: folder of an earlier attempt to go on from."""

    folder: Path
    base: Path
    recipe: Recipe
    checkpoint: Path | None

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"


def read_spec(folder: Path) -> Spec:
    """TrainerProblem for a folder without one, and for a recipe or a base that cannot be used."""
    try:
        said = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        base, recipe = Path(said["base"]), Recipe.from_json(said.get("recipe") or {})
    except RecipeProblem as problem:
        raise TrainerProblem(f"The recipe cannot be followed. {problem}") from problem
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainerProblem(f"{folder / 'spec.json'} cannot be read: {error}") from error
    if not (base / "config.json").is_file():
        raise TrainerProblem(f"The folder of the base model is gone: {base}.")
    checkpoint = said.get("checkpoint")
    return Spec(folder, base, recipe, Path(checkpoint) if checkpoint else None)
