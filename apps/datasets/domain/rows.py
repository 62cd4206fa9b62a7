"""Rows of datasets as plain values: what makes two of them the same, and which split one belongs to."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
# Shares of a hash's range, from its end: the last tenth is test, the tenth before it validation.
TEST_FROM, VALIDATION_FROM = 0.9, 0.8

Message = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A conversation whose last message is the answer to learn. split: "" leaves the choice to the prompt's hash."""

    messages: list[Message]
    tags: list[str] = field(default_factory=list)
    trace_id: UUID | None = None
    source: dict[str, Any] = field(default_factory=dict)
    split: str = ""

    @property
    def prompt(self) -> list[Message]:
        return self.messages[:-1]

    @property
    def answer(self) -> str:
        return str(self.messages[-1]["content"])

    def digest(self) -> str:
        """SHA-256 in hex of messages, tags and trace id in canonical JSON."""
        trace = self.trace_id.hex if self.trace_id else None
        return sha256(canonical({"messages": self.messages, "tags": self.tags, "trace_id": trace}))


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same value always gives the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prompt_key(prompt: Sequence[Message]) -> str:
    """The same for prompts that differ in white space only."""
    return sha256(canonical([_normal(message) for message in prompt]))


def split_of(prompt: Sequence[Message]) -> str:
    """The split of every row with this prompt, in all versions of all datasets. System messages don't count:
    a question must not be learnt under one prompt and examined under another.
    """
    asked = [message for message in prompt if message["role"] not in {"system", "developer"}]
    share = int(prompt_key(asked or prompt)[:13], 16) / 16**13
    if share >= TEST_FROM:
        return TEST
    return VALIDATION if share >= VALIDATION_FROM else TRAIN


def content_hash(members: Sequence[tuple[str, str]]) -> str:
    """SHA-256 over (split, digest) of every row, in order."""
    return sha256("".join(f"{split} {digest}\n" for split, digest in members))


def _normal(message: Message) -> Message:
    content = message.get("content")
    return message | {"content": " ".join(content.split())} if isinstance(content, str) else message
