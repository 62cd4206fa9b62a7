"""Chat completions: what the gateway itself speaks inside, so that nothing has to be translated."""

from apps.serving.dialects.base import KEEP_ALIVE, ToldError
from apps.serving.dialects.chat.errors import error_body, error_event
from apps.serving.providers.base import Members
from llmkit import sse

DONE = b"data: [DONE]\n\n"


class Chat:
    name = "chat"

    def to_chat(self, members: Members) -> Members:
        return members

    def answer(self, request: Members, body: bytes) -> bytes:
        return body

    def stream(self, request: Members) -> "ChatStream":
        return ChatStream()

    def error(self, error: ToldError) -> bytes:
        return error_body(error)


class ChatStream:
    answer = b""

    def feed(self, events: list[bytes]) -> bytes:
        return b"".join([sse.encode(data) for data in events])

    def end(self) -> bytes:
        return DONE

    def fail(self, error: ToldError) -> bytes:
        """No [DONE] follows."""
        return error_event(error)

    def keep_alive(self) -> bytes:
        return KEEP_ALIVE
