"""From the chunks of a chat completion to those of a legacy completion."""

import msgspec

from apps.serving.dialects.base import KEEP_ALIVE, ToldError
from apps.serving.dialects.chat import DONE
from apps.serving.dialects.chat.errors import error_event
from apps.serving.dialects.chat.schema import Choice, Completion, read_completion
from apps.serving.dialects.completions.answer import EMPTY, finish_reason, head, said
from apps.serving.dialects.completions.logprobs import legacy_logprobs
from apps.serving.dialects.completions.request import prompt_length
from apps.serving.providers.base import Members

_encode = msgspec.json.Encoder().encode


class CompletionsStream:
    answer = b""

    def __init__(self, request: Members) -> None:
        self._start = prompt_length(request)
        self._places: dict[int, int] = {}  # where the next token begins, by choice
        self._opening = b""  # of every chunk, up to its choices

    def feed(self, events: list[bytes]) -> bytes:
        return b"".join([self._chunk(read_completion(data)) for data in events])

    def end(self) -> bytes:
        return DONE

    def fail(self, error: ToldError) -> bytes:
        """No [DONE] follows."""
        return error_event(error)

    def keep_alive(self) -> bytes:
        return KEEP_ALIVE

    def _chunk(self, chunk: Completion) -> bytes:
        if not self._opening:
            if not chunk.choices:
                return b""
            self._opening = b"data: " + _encode(head(chunk))[:-1] + b',"choices":['
        choices = b",".join([written for choice in chunk.choices or () if (written := self._choice(choice))])
        if chunk.usage is not None:
            return b'%b%b],"usage":%b}\n\n' % (self._opening, choices, _encode(chunk.usage))
        return b"%b%b]}\n\n" % (self._opening, choices) if choices else b""

    def _choice(self, choice: Choice) -> bytes:
        """Nothing for a chunk that says nothing, like the one with the role."""
        text, reason = said(choice.delta), finish_reason(choice.finish_reason)
        if not text and reason is None and choice.logprobs is None:
            return b""
        logprobs = b"null"
        if choice.logprobs is not None:
            listed, place = legacy_logprobs(choice.logprobs, self._places.get(choice.index, self._start))
            self._places[choice.index], logprobs = place, _encode(listed)
        return b'{"text":%b,"index":%d,"logprobs":%b,"finish_reason":%b}' % (
            text or EMPTY,
            choice.index,
            logprobs,
            _encode(reason),
        )
