"""What the provider saw, counted by the nonce of whoever asked."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from apps.gateway.lab.provider.reading import Asked

KEPT_NONCES = 10_000
KEPT_BODY = 256 * 1024


@dataclass
class Seen:
    """One request. sent_bytes: what the kernel has taken, which says how far ahead the other side reads.

    closed_early: the other side hung up before the answer was complete.
    """

    number: int
    asked: Asked
    fault: str = ""
    connection: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    sent_bytes: int = 0
    closed_early: bool = False
    finished: bool = False

    def described(self) -> dict[str, Any]:
        body = self.asked.body
        return {
            "id": self.number,
            "fault": self.fault,
            "connection": self.connection,
            "method": self.asked.method,
            "path": self.asked.path,
            "headers": self.asked.headers,
            "body_bytes": len(body),
            "body": body[:KEPT_BODY].decode("utf-8", "replace"),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "sent_bytes": self.sent_bytes,
            "closed_early": self.closed_early,
            "finished": self.finished,
        }


@dataclass
class Ledger:
    """Everything by nonce, the oldest forgotten first."""

    total: int = 0
    by_nonce: OrderedDict[str, list[Seen]] = field(default_factory=OrderedDict)
    _gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def note(self, nonce: str, asked: Asked) -> Seen:
        self.total += 1
        seen = Seen(self.total, asked)
        self.by_nonce.setdefault(nonce, []).append(seen)
        if len(self.by_nonce) > KEPT_NONCES:
            forgotten, _ = self.by_nonce.popitem(last=False)
            self._gates.pop(forgotten, None)
        return seen

    def calls(self, nonce: str) -> int:
        return len(self.by_nonce.get(nonce, ()))

    def gate(self, nonce: str) -> asyncio.Semaphore:
        """What answers that wait for a word wait for; each `release` lets one step go on."""
        if nonce not in self._gates:
            self._gates[nonce] = asyncio.Semaphore(0)
        return self._gates[nonce]

    def described(self, nonce: str) -> dict[str, Any]:
        seen = self.by_nonce.get(nonce, [])
        return {"nonce": nonce, "calls": len(seen), "requests": [one.described() for one in seen]}
