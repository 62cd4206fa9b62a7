"""Reading along a response that goes through as the provider wrote it."""

from typing import Any

import msgspec
from msgspec import Struct

from apps.serving.dialects.observing import DialectObserver
from apps.serving.providers.base import UNREADABLE
from apps.serving.providers.failures import error_in_body
from apps.serving.providers.observe import Observed
from llmkit.sse import Event
from llmkit.usage import Usage, count

_FINISH_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}
_PROPER_ENDS = ("response.completed", "response.incomplete")


class _Item(Struct):
    type: str = ""


class _Details(Struct):
    reason: str | None = None


class _Response(Struct):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    incomplete_details: _Details | None = None
    output: list[_Item] | None = None
    usage: Any = None
    error: Any = None


class _Event(Struct, gc=False):
    type: str = ""
    delta: Any = None
    item: _Item | None = None
    response: _Response | None = None
    error: Any = None
    message: str | None = None
    code: Any = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_response = msgspec.json.Decoder(_Response).decode


class ResponsesObserver(DialectObserver):
    def learn(self, event: Event) -> bool:
        try:
            found = _decode_event(event.data)
        except UNREADABLE:
            self.unreadable = True
            return False
        if found.type == "error" or found.error:
            self._failed(found.error or {"message": found.message, "code": found.code})
        if found.response is not None:
            self.learn_response(found.response)
            self.done = self.done or found.type in _PROPER_ENDS
        if found.item is not None:
            return found.type == "response.output_item.added" and found.item.type.endswith("_call")
        return bool(found.delta) and found.type.endswith(".delta")

    def learn_response(self, response: _Response) -> None:
        if self.response_id is None:
            self.response_id, self.model = response.id, response.model
        if response.error:
            self._failed(response.error)
        self.usage = read_responses_usage(response.usage) or self.usage
        if response.status == "completed":
            called = any(item.type == "function_call" for item in response.output or ())
            self.finish_reasons[0] = "tool_calls" if called else "stop"
        elif response.status == "incomplete":
            reason = response.incomplete_details.reason if response.incomplete_details else None
            self.finish_reasons[0] = _FINISH_REASONS.get(reason or "", "stop")

    def _failed(self, error: Any) -> None:
        if self.error is None:
            self.error = error_in_body(error)


def observe_responses_body(body: bytes) -> Observed:
    """The same of an answer that came in one piece."""
    observer = ResponsesObserver()
    try:
        observer.learn_response(_decode_response(body))
    except UNREADABLE:
        observer.unreadable = True
    return observer


def read_responses_usage(value: Any) -> Usage | None:
    """From the decoded value of a response's "usage"; None if it counts nothing that can be read."""
    if not isinstance(value, dict) or "input_tokens" not in value:
        return None
    read, written = value.get("input_tokens_details"), value.get("output_tokens_details")
    return Usage(
        prompt_tokens=count(value, "input_tokens"),
        completion_tokens=count(value, "output_tokens"),
        cached_tokens=count(read, "cached_tokens"),
        cache_creation_tokens=count(read, "cache_write_tokens"),
        reasoning_tokens=count(written, "reasoning_tokens"),
        raw=value,
    )
