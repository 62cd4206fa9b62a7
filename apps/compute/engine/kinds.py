"""The kinds of jobs there are; apps on higher floors register theirs from AppConfig.ready()."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from apps.compute.models import Job


class JobProblem(Exception):
    """An expected reason why a job cannot be done, in words for people; it is not tried again."""


@dataclass(frozen=True)
class Plan:
    """What the subprocess is: its command, and what it finds in its environment besides the worker's own."""

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)


class JobKind(Protocol):
    name: str

    def prepare(self, job: Job, folder: Path, checkpoint: Path | None) -> Plan:
        """Write the inputs into `folder`. checkpoint: a folder to go on from. JobProblem when it can't be done."""

    def succeed(self, job: Job, folder: Path, reported: dict[str, Any]) -> None:
        """Register what was made, in the transaction that ends the job. JobProblem fails it after all."""

    def ended(self, job: Job) -> None:
        """After commit, once, however the job ended."""


_kinds: dict[str, JobKind] = {}


def register_job_kind(kind: JobKind) -> None:
    _kinds[kind.name] = kind


def kind_of(name: str) -> JobKind:
    """JobProblem for a kind that nobody registered."""
    kind = _kinds.get(name)
    if kind is None:
        raise JobProblem(f"This installation knows no jobs of the kind '{name}'.")
    return kind


def known_kinds() -> list[str]:
    return sorted(_kinds)
