"""Log probabilities of tokens, as every one of OpenAI's dialects writes them in its own order."""

from typing import Any

import msgspec
from msgspec import Struct


class Top(Struct):
    token: str
    logprob: float
    bytes: list[int] | None = None

    def __post_init__(self) -> None:
        """Some servers leave the bytes out, some clients insist on them."""
        if self.bytes is None:
            self.bytes = list(self.token.encode())


class Token(Top, kw_only=True):
    top_logprobs: list[Top] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.top_logprobs = self.top_logprobs or []


def read_logprobs(found: Any) -> list[Token]:
    """Of a choice's "logprobs"; none for what can't be read."""
    content = found.get("content") if isinstance(found, dict) else None
    if not content:
        return []
    try:
        return msgspec.convert(content, list[Token])
    except msgspec.ValidationError:
        return []
