"""An answer as it came, and what can be read in it."""

import json
from dataclasses import dataclass, field
from typing import Any

from apps.gateway.lab.checks import Failed, shortened
from llmkit.sse import Event, Parser

Headers = list[tuple[str, str]]
EVENT_LIMIT = 64 * 1024 * 1024


@dataclass
class Answer:
    """Header names in lower case. problem: what was wrong with the framing; "" for a whole, well-formed answer."""

    status: int
    headers: Headers
    body: bytes = b""
    problem: str = ""
    _events: list[Event] | None = field(default=None, repr=False)

    def header(self, name: str) -> str:
        """All values of a header, joined by commas."""
        return ", ".join(value for found, value in self.headers if found == name)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> dict[str, Any]:
        """Failed for a body that is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            raise Failed(f"status {self.status} with a body that is no JSON: {shortened(self.text)}") from None
        if not isinstance(found, dict):
            raise Failed(f"a body that is no JSON object: {shortened(self.text)}")
        return found

    @property
    def events(self) -> list[Event]:
        if self._events is None:
            self._events = Parser(EVENT_LIMIT).feed(self.body)
        return self._events

    @property
    def data(self) -> list[dict[str, Any]]:
        """Events as objects, [DONE] left out; Failed for one that is no JSON object."""
        return [parsed(event) for event in self.events if event.data != b"[DONE]"]

    @property
    def dones(self) -> int:
        return sum(event.data == b"[DONE]" for event in self.events)

    def __str__(self) -> str:
        problem = f" ({self.problem})" if self.problem else ""
        return f"status {self.status}{problem}: {shortened(self.text)}"


def parsed(event: Event) -> dict[str, Any]:
    try:
        found = json.loads(event.data)
    except ValueError:
        raise Failed(f"an event that is no JSON: {shortened(event.text)}") from None
    if not isinstance(found, dict):
        raise Failed(f"an event that is no JSON object: {shortened(event.text)}")
    return found
