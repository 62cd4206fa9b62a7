"""What every call of an evaluation carries besides the row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# Members that are the row's or the platform's own.
RESERVED: Final = frozenset({"model", "messages", "stream", "stream_options"})


class RequestProblem(ValueError):
    """What is wrong with a request, for the person who made it."""


@dataclass(frozen=True)
class Request:
    """As on a route: system_prompt is put in front where a row has no system message, defaults are members."""

    system_prompt: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Request":
        """RequestProblem names what doesn't fit."""
        if unknown := sorted(set(stored) - {"system_prompt", "defaults"}):
            raise RequestProblem(f"A request has a system_prompt and defaults, but no {', '.join(unknown)}.")
        request = cls(**stored)
        if not isinstance(request.system_prompt, str):
            raise RequestProblem("The system_prompt has to be text.")
        if not isinstance(request.defaults, dict):
            raise RequestProblem("The defaults have to be a JSON object.")
        if reserved := sorted(RESERVED & set(request.defaults)):
            raise RequestProblem(f"An evaluation can't preset {', '.join(reserved)}.")
        return request

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def messages_for(self, row: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages of a row without its answer, as the route would send them."""
        asked = list(row[:-1])
        if self.system_prompt and not any(message.get("role") in {"system", "developer"} for message in asked):
            asked.insert(0, {"role": "system", "content": self.system_prompt})
        return asked


def expected_of(row: Sequence[dict[str, Any]]) -> str:
    """The answer that a row expects: the text of its last message."""
    content = row[-1].get("content") if row else None
    return content if isinstance(content, str) else ""
