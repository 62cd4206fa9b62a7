"""Chat completions as Anthropic's messages, read by Anthropic's own types and client."""

import json

import anthropic
import pytest
from anthropic.types import Message

from apps.serving.dialects import DIALECTS, ToldError
from tests.unit.serving.dialects.chats import anthropic_client, completion, members, tool

MESSAGES = DIALECTS["messages"]
ASKED = members(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stop_sequences=["END"])


def answered(message, finish="stop", **more):
    body = MESSAGES.answer(ASKED, completion(message, finish, **more))
    checked = Message.model_validate_json(body, strict=True)
    assert checked.type == "message"
    return json.loads(body)


def test_a_text():
    assert answered({"content": "Hello!"}) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": [{"type": "text", "text": "Hello!"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 6,
            "cache_creation_input_tokens": 4,
            "cache_read_input_tokens": 90,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3},
        },
    }


def test_reasoning_text_and_tool_calls_in_this_order_with_every_digit():
    calls = [tool("t1", "find", '{"n": 1.10, "big": 12345678901234567890}'), tool("t2", "now", "")]
    message = {"content": "Let me see.", "reasoning_content": "hm", "tool_calls": calls}
    body = MESSAGES.answer(ASKED, completion(message, "tool_calls"))
    assert b'"input":{"n": 1.10, "big": 12345678901234567890}' in body
    found = json.loads(body)
    assert [block["type"] for block in found["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert found["content"][0] == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert found["content"][3] == {"type": "tool_use", "id": "t2", "name": "now", "input": {}}
    assert found["stop_reason"] == "tool_use"


def test_signed_reasoning_is_given_as_it_was_signed():
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "dark"},
    ]
    found = answered({"content": "Yes.", "reasoning_content": "hm", "thinking_blocks": blocks})
    assert found["content"] == [*blocks, {"type": "text", "text": "Yes."}]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        ("of_tomorrow", "end_turn"),
        (None, "end_turn"),
    ],
)
def test_stop_reasons(finish, reason):
    assert answered({"content": "x"}, finish)["stop_reason"] == reason


def test_servers_that_call_tools_and_say_stop_are_understood():
    assert answered({"tool_calls": [tool("a", "f", "{}")]})["stop_reason"] == "tool_use"


def test_a_stop_sequence_is_named_where_the_server_names_it():
    for named, told in (
        ("END", ("stop_sequence", "END")),
        ("other", ("end_turn", None)),
        (128_001, ("end_turn", None)),
    ):
        found = answered({"content": "x"}, choice={"stop_reason": named})
        assert (found["stop_reason"], found["stop_sequence"]) == told


def test_a_refusal_is_text_that_refuses():
    found = answered({"content": None, "refusal": "I can't."})
    assert (found["content"], found["stop_reason"]) == ([{"type": "text", "text": "I can't."}], "refusal")


@pytest.mark.parametrize("arguments", ['{"cut": "sh', "[1]", '"x"'])
def test_arguments_that_are_no_object_are_kept_as_text(arguments):
    found = answered({"tool_calls": [tool("a", "f", arguments)]}, "length")
    assert found["content"][0]["input"] == {"arguments": arguments}


def test_arguments_that_are_an_object_already_are_taken():
    assert answered({"tool_calls": [tool("a", "f", {"q": 1})]})["content"][0]["input"] == {"q": 1}


def test_an_answer_without_anything_but_the_choice_is_one():
    found = answered({"content": None}, usage=None, model=None)
    assert (found["content"], found["usage"]["input_tokens"], found["model"]) == ([], 0, "")


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (403, "permission_error", anthropic.PermissionDeniedError),
        (404, "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", anthropic.RequestTooLargeError),
        (422, "invalid_request_error", anthropic.UnprocessableEntityError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (500, "api_error", anthropic.InternalServerError),
        (503, "overloaded_error", anthropic.ServiceUnavailableError),
        (504, "timeout_error", anthropic.DeadlineExceededError),
    ],
)
def test_errors_are_those_that_the_client_knows(status, kind, raised):
    body = MESSAGES.error(ToldError(status=status, message="max_tokens: too many.", param="max_tokens"))
    assert json.loads(body) == {"type": "error", "error": {"type": kind, "message": "max_tokens: too many."}}
    with pytest.raises(raised, match="max_tokens: too many"):
        anthropic_client(body, status).messages.create(model="m", max_tokens=1, messages=[])
