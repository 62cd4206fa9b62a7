"""What computing costs again has found."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ModelRepriced:
    """Calls of one model; money in nano-dollars.

    changed: of the calls, those whose cost is another one now; unpriced: the catalogue has no price for their moment;
    kept: settled from an invoice, or without counts to compute from. before, after: all calls, adjustments included.
    """

    calls: int = 0
    changed: int = 0
    unpriced: int = 0
    kept: int = 0
    before_nano: int = 0
    after_nano: int = 0

    @property
    def difference_nano(self) -> int:
        return self.after_nano - self.before_nano

    def as_json(self) -> dict[str, int]:
        return {**vars(self), "difference_nano": self.difference_nano}


@dataclass
class Repriced:
    """By name of the model."""

    models: dict[str, ModelRepriced] = field(default_factory=lambda: defaultdict(ModelRepriced))

    @property
    def whole(self) -> ModelRepriced:
        whole = ModelRepriced()
        for each in self.models.values():
            for name, number in vars(each).items():
                setattr(whole, name, getattr(whole, name) + number)
        return whole

    def as_json(self) -> dict[str, Any]:
        return {**self.whole.as_json(), "models": {name: self.models[name].as_json() for name in sorted(self.models)}}
