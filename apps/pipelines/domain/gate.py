"""The gate: what a candidate must show on the exam before it may take a route's traffic."""

from dataclasses import asdict, dataclass
from typing import Any, Final

BETTER: Final = "better"
NOT_ENOUGH: Final = "not enough data"
# A slice with fewer rows is shown but decides nothing: one answer would move it by more than three points.
LEAST_SLICE: Final = 30
# Shares are quotients: 0.93 − 0.83 comes out a little above 0.1, and a loss of just the limit is allowed.
ROUNDING: Final = 1e-9


class GateProblem(ValueError):
    """A gate that cannot be applied; `field` names the setting."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Gate:
    """field: the member of the answer whose accuracy counts.

    least_gain: what the lower end of the difference's interval must exceed; most_validity_loss: by how much the share
    of valid JSON may fall; most_slice_loss: by how much the accuracy within a slice may fall. Shares from 0 to 1.
    """

    field: str = "intent"
    least_gain: float = 0.0
    most_validity_loss: float = 0.01
    most_slice_loss: float = 0.10

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Gate":
        """From JSON; GateProblem names what does not fit."""
        if unknown := sorted(set(stored) - set(cls.__dataclass_fields__)):
            raise GateProblem(unknown[0], f"{unknown[0]} is not a setting of the gate.")
        gate = cls(**stored)
        if not gate.field or not isinstance(gate.field, str):
            raise GateProblem("field", "Name the member of the answer whose accuracy counts.")
        for name in ("least_gain", "most_validity_loss", "most_slice_loss"):
            value = getattr(gate, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise GateProblem(name, f"{name} is a share from 0 to 1.")
        return gate

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Reason:
    """One rule of the gate, whether it held, and the figures in words."""

    rule: str
    held: bool
    text: str


@dataclass(frozen=True)
class Decision:
    """accuracy_*: share of right answers on the exam; interval: of their difference, at the report's confidence."""

    passed: bool
    reasons: tuple[Reason, ...]
    accuracy_before: float
    accuracy_after: float
    interval: tuple[float, float]

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def objections(self) -> list[str]:
        return [reason.text for reason in self.reasons if not reason.held]


def decide(report: dict[str, Any], gate: Gate, *, candidate: str, incumbent: str) -> Decision:
    """Apply the gate to an evaluation's report, in which `candidate` and `incumbent` are names of models."""
    comparison, models = report["comparison"], report["models"]
    low, high = comparison["interval"]
    before, after = models[incumbent]["fields"][gate.field], models[candidate]["fields"][gate.field]
    reasons = (
        _enough(comparison),
        _gain(comparison, gate),
        _validity(models[candidate]["json_valid"], models[incumbent]["json_valid"], gate),
        *_slices(report.get("slices", {}), gate, candidate, incumbent),
    )
    return Decision(all(reason.held for reason in reasons), reasons, before, after, (low, high))


def _enough(comparison: dict[str, Any]) -> Reason:
    held = comparison["verdict"] != NOT_ENOUGH
    text = f"{comparison['rows']} rows were compared" + ("." if held else ", which is not enough to decide.")
    return Reason("enough data", held, text)


def _gain(comparison: dict[str, Any], gate: Gate) -> Reason:
    low, high = comparison["interval"]
    held = low > gate.least_gain
    text = (
        f"Right on {gate.field}: {points(comparison['difference'])} points "
        f"(interval {points(low)} to {points(high)}); "
        f"the lower end {'is' if held else 'is not'} above {points(gate.least_gain, sign=False)}."
    )
    return Reason("more accurate", held, text)


def _validity(after: float, before: float, gate: Gate) -> Reason:
    held = before - after <= gate.most_validity_loss + ROUNDING
    text = f"{percent(after)} of the answers are valid JSON; they were {percent(before)}."
    return Reason("valid JSON", held, text)


def _slices(slices: dict[str, Any], gate: Gate, candidate: str, incumbent: str) -> list[Reason]:
    found = []
    for tag, figures in sorted(slices.items()):
        after, before = (figures[name]["fields"].get(gate.field) for name in (candidate, incumbent))
        if figures["rows"] < LEAST_SLICE or after is None or before is None:
            continue
        held = before - after <= gate.most_slice_loss + ROUNDING
        text = f"Of the rows tagged {tag}, {percent(after)} are right; before, {percent(before)}."
        found.append(Reason(f"slice {tag}", held, text))
    return found


def in_words(gate: Gate) -> list[str]:
    """Its rules, for people who have not set it."""
    least, validity, slices = (
        points(share, sign=False) for share in (gate.least_gain, gate.most_validity_loss, gate.most_slice_loss)
    )
    return [
        f"right on {gate.field}: the interval of the difference lies above {least} points",
        f"valid JSON: at most {validity} points rarer",
        f"each slice of {LEAST_SLICE} rows or more: at most {slices} points less often right",
    ]


def points(difference: float, *, sign: bool = True) -> str:
    """`+12.3`: a difference of two shares in percentage points."""
    return percent(difference, sign=sign).removesuffix(" %")


def percent(share: float, *, sign: bool = False) -> str:
    """`+12.3 %`; a true minus, and no minus before a zero."""
    rounded = round(share * 100, 1) + 0.0
    return f"{rounded:{'+' if sign else ''}.1f} %".replace("-", "−")
