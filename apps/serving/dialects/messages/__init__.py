"""Anthropic's Messages API."""

from apps.serving.dialects.base import ToldError
from apps.serving.dialects.messages import answer, request
from apps.serving.dialects.messages.errors import error_body
from apps.serving.dialects.messages.estimate import estimate_messages_tokens
from apps.serving.dialects.messages.observe import MessagesObserver, observe_messages_body
from apps.serving.dialects.messages.stream import MessagesStream
from apps.serving.providers.base import Members

__all__ = ["Messages", "MessagesObserver", "estimate_messages_tokens", "observe_messages_body"]


class Messages:
    name = "messages"

    def to_chat(self, members: Members) -> Members:
        return request.translate(members)

    def answer(self, request: Members, body: bytes) -> bytes:
        return answer.translate(request, body)

    def stream(self, request: Members) -> MessagesStream:
        return MessagesStream(request)

    def error(self, error: ToldError) -> bytes:
        return error_body(error)
