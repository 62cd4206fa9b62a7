"""OpenAI's Responses API."""

import secrets
from collections.abc import Callable, Sequence

import msgspec

from apps.serving.dialects.base import ToldError
from apps.serving.dialects.chat.errors import error_body
from apps.serving.dialects.responses import answer, request
from apps.serving.dialects.responses.items import items_of
from apps.serving.dialects.responses.observe import ResponsesObserver, observe_responses_body
from apps.serving.dialects.responses.stream import ResponsesStream
from apps.serving.providers.base import Members

__all__ = ["Responses", "ResponsesObserver", "items_of", "observe_responses_body"]


def _new_token() -> str:
    return secrets.token_hex(20)


class Responses:
    """`new_token` makes what a response's id and those of its items have in common; nobody can guess it."""

    name = "responses"

    def __init__(self, new_token: Callable[[], str] = _new_token) -> None:
        self._new_token = new_token

    def to_chat(self, members: Members, history: Sequence[msgspec.Raw] = ()) -> Members:
        """`history`: the items of the conversation that previous_response_id continues, as items_of gave them."""
        return request.translate(members, history)

    def answer(self, request: Members, body: bytes) -> bytes:
        return answer.translate(request, body, self._new_token())

    def stream(self, request: Members) -> ResponsesStream:
        return ResponsesStream(request, self._new_token())

    def error(self, error: ToldError) -> bytes:
        return error_body(error)
