"""OpenAI's legacy completions: one prompt, one text."""

from apps.serving.dialects.base import ToldError
from apps.serving.dialects.chat.errors import error_body
from apps.serving.dialects.completions import answer, request
from apps.serving.dialects.completions.observe import CompletionsObserver, observe_completions_body
from apps.serving.dialects.completions.stream import CompletionsStream
from apps.serving.providers.base import Members

__all__ = ["Completions", "CompletionsObserver", "observe_completions_body"]


class Completions:
    name = "completions"

    def to_chat(self, members: Members) -> Members:
        return request.translate(members)

    def answer(self, request: Members, body: bytes) -> bytes:
        return answer.translate(request, body)

    def stream(self, request: Members) -> CompletionsStream:
        return CompletionsStream(request)

    def error(self, error: ToldError) -> bytes:
        return error_body(error)
