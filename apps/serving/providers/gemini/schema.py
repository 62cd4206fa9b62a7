"""The parts of Gemini's answers that are read by name (GenerateContentResponse of v1beta)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct


class FunctionCall(Struct):
    name: str = ""
    args: Raw = Raw(b"{}")
    id: str | None = None


class Blob(Struct, rename="camel"):
    mime_type: str = "image/png"
    data: str = ""


class Part(Struct, rename="camel"):
    """`text` stays a JSON string as it is written, null where there is none."""

    text: Raw = Raw(b"null")
    thought: bool = False
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Blob | None = None

    @property
    def has_text(self) -> bool:
        written = bytes(self.text)
        return written[:1] == b'"' and len(written) > 2


class Content(Struct):
    parts: list[Part] = []


class Token(Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class TopTokens(Struct):
    candidates: list[Token] = []


class Logprobs(Struct, rename="camel"):
    chosen_candidates: list[Token] = []
    top_candidates: list[TopTokens] = []


class Candidate(Struct, rename="camel"):
    index: int = 0
    content: Content | None = None
    finish_reason: str | None = None
    logprobs_result: Logprobs | None = None


class Feedback(Struct, rename="camel"):
    block_reason: str | None = None


class Answer(Struct, rename="camel"):
    candidates: list[Candidate] = []
    prompt_feedback: Feedback | None = None
    usage_metadata: dict[str, Any] | None = None
    model_version: str = ""
    response_id: str = ""
    error: Any = None


answer_decoder = msgspec.json.Decoder(Answer)
