"""From Gemini's stream of answers to chat-completion chunks."""

from typing import Any

import msgspec

from apps.serving.providers.chat.chunks import NULL, Chunks
from apps.serving.providers.chat.completion import new_call_id, new_id
from apps.serving.providers.chat.translator import EventTranslator
from apps.serving.providers.gemini.answer import check, extra, finish_reason, image, logprobs, usage
from apps.serving.providers.gemini.schema import Candidate, Part, answer_decoder

_encode = msgspec.json.Encoder().encode


class GeminiStream(EventTranslator):
    """One stream. It has no [DONE] of its own: once every choice has its finish reason, its end is a proper one."""

    def __init__(self, created: int, model: str, *, include_usage: bool) -> None:
        super().__init__()
        self._chunks = Chunks(created, include_usage=include_usage)
        self._model = model
        self._usage: dict[str, Any] | None = None
        self._open: set[int] = set()  # choices that have begun and not finished
        self._seen: set[int] = set()

    def end(self) -> bytes:
        out = self.feed(b"\n\n")
        if self._over or self._open or not self._seen:
            return out
        self._over = True
        return out + self._chunks.end(usage(self._usage) if self._usage else None)

    def _translate(self, data: bytes) -> bytes:
        answer = answer_decoder.decode(data)
        check(answer)
        if not self._chunks.started:
            self._chunks.start(answer.response_id or new_id(), answer.model_version or self._model)
        if answer.usage_metadata is not None:
            self._usage = answer.usage_metadata
        return b"".join([self._candidate(candidate) for candidate in answer.candidates])

    def _candidate(self, candidate: Candidate) -> bytes:
        number, out = candidate.index, []
        if number not in self._seen:
            self._seen.add(number)
            self._open.add(number)
            out.append(self._chunks.role(number))
        found = candidate.logprobs_result
        probabilities = _encode(logprobs(found)) if found else NULL
        for part in candidate.content.parts if candidate.content else ():
            out.append(self._part(number, part, probabilities))
            if part.has_text and not part.thought:
                probabilities = NULL  # they are those of the whole answer: once is enough
        if candidate.finish_reason and number in self._open:
            self._open.discard(number)
            out.append(
                self._chunks.finish(finish_reason(candidate.finish_reason, called=self._chunks.called(number)), number)
            )
        return b"".join(out)

    def _part(self, number: int, part: Part, probabilities: bytes) -> bytes:
        if part.function_call is not None:
            return self._call(number, part)
        if part.inline_data is not None:
            return self._chunks.chunk(_encode({"images": [image(part.inline_data)]}), number)
        if not part.has_text:
            return b""
        if part.thought:
            return self._chunks.reasoning(bytes(part.text), number)
        return self._chunks.text(bytes(part.text), number, logprobs=probabilities)

    def _call(self, number: int, part: Part) -> bytes:
        """Gemini sends a call in one piece."""
        call = part.function_call
        assert call is not None  # noqa: S101  (the caller looked)
        index = self._chunks.next_call(number)
        opener = self._chunks.open_call(index, call.id or new_call_id(), call.name, number, extra(part))
        return opener + self._chunks.arguments(index, _encode(bytes(call.args).decode()), number)
