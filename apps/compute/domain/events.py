"""The lines of a job's subprocess, read with suspicion: libraries print what they like."""

import json
import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    done: float
    stage: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True)
class Metric:
    step: int
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckpointMade:
    step: int
    folder: str


@dataclass(frozen=True)
class Result:
    values: dict[str, Any]


@dataclass(frozen=True)
class Problem:
    message: str
    permanent: bool = True


@dataclass(frozen=True)
class LogLine:
    text: str


Event = Progress | Metric | CheckpointMade | Result | Problem | LogLine


def event_of(line: str) -> Event:
    """The event in a line; what is none is a line of the log."""
    try:
        value = json.loads(line)
        return _event(value.pop("event"), value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return LogLine(clean(line))


def clean(text: str) -> str:
    """Without what Postgres cannot keep, and not longer than a line should be."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:4000].rstrip()


def finite(value: Any) -> float | None:
    """A number, or None for what is none: Postgres keeps no NaN in JSON, and nobody can read one."""
    number = None if value is None else float(value)
    return number if number is not None and math.isfinite(number) else None


def step_of(value: Any) -> int:
    """ValueError for a step that no counter reaches."""
    step = int(value)
    if not 0 <= step < 2**31:
        raise ValueError(f"{step} is no step.")
    return step


def storable(value: Any) -> Any:
    """The same JSON value without what Postgres cannot keep."""
    if isinstance(value, dict):
        return {clean(str(key)): storable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [storable(member) for member in value]
    if isinstance(value, str):
        return clean(value)
    return finite(value) if isinstance(value, float) else value


def _event(name: str, value: dict[str, Any]) -> Event:
    if name == "progress":
        done = finite(value["done"]) or 0.0
        stage = clean(str(value.get("stage", "")))[:200]
        return Progress(min(max(done, 0.0), 1.0), stage, finite(value.get("seconds_left")))
    if name == "metric":
        # JSON in Postgres has no NaN: a figure that is none is left out.
        figures = {str(key): finite(figure) for key, figure in value["values"].items()}
        known = {key: figure for key, figure in figures.items() if figure is not None}
        return Metric(step_of(value["step"]), known)
    if name == "checkpoint":
        return CheckpointMade(step_of(value["step"]), str(value["folder"]))
    if name == "result":
        return Result(storable(dict(value["values"])))
    if name == "problem":
        return Problem(clean(str(value["message"])), bool(value.get("permanent", True)))
    raise KeyError(name)
