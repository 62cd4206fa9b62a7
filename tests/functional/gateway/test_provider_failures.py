"""Providers that fail in every way there is, and what the caller learns of it."""

import pytest
from openai import APIError, OpenAI

from apps.serving.models import Provider
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.helpers.calling import HELLO, Answer, Caller
from tests.helpers.mock_provider import (
    MockProvider,
    answers,
    event,
    fails,
    hangs,
    open_stream,
    streams,
    streams_error_first,
    then_cut,
    then_end,
    then_error,
)
from tests.helpers.processes import ServerProcess, free_port
from tests.helpers.spool import entry_of
from tests.helpers.waiting import eventually

SECRET = "sk-acme-1234567890"
RATE_LIMIT = {"error": {"message": "Slow down.", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}


def both_ways(caller: Caller, model: str = "helper") -> list[Answer]:
    """The same failure of a plain and of a streamed request; neither says a word about the credential."""
    found = [caller.chat(model), caller.chat(model, stream=True)]
    assert all(SECRET.encode() not in answer.raw for answer in found)
    assert all(set(answer.error) == {"message", "type", "param", "code"} for answer in found)
    return found


def test_a_provider_that_is_down_is_named(house: House, gateway_process: ServerProcess) -> None:
    down = make_provider(house.project, base_url=f"http://127.0.0.1:{free_port()}/v1", name="sleepy", credential=SECRET)
    make_model(down, name="nobody-home")
    caller = house.caller(gateway_process)
    eventually(lambda: caller.get("/v1/models/nobody-home").status == 200)
    for answer in both_ways(caller, "nobody-home"):
        assert (answer.status, answer.error["code"]) == (502, "provider_unreachable")
        assert "'sleepy'" in answer.error["message"]
        assert entry_of(gateway_process.spool, answer.trace_id).attributes["error.type"] == "provider_unreachable"


def test_a_provider_that_does_not_answer_in_time_is_given_up(
    caller: Caller, house: House, provider: MockProvider
) -> None:
    slow = make_provider(house.project, base_url=provider.url, name="slow")
    Provider.objects.filter(id=slow.id).update(first_byte_timeout_ms=200)
    make_model(slow, name="slow-model")
    provider.behave("slow-model", hangs())
    eventually(lambda: caller.get("/v1/models/slow-model").status == 200)
    for answer in both_ways(caller, "slow-model"):
        assert (answer.status, answer.error["code"]) == (504, "provider_timeout")
        assert "'slow'" in answer.error["message"]


@pytest.mark.parametrize(
    ("said", "told"), [(400, 400), (404, 404), (422, 422), (429, 429), (500, 502), (503, 503), (529, 503)]
)
def test_a_providers_status_is_passed_on(caller: Caller, provider: MockProvider, said: int, told: int) -> None:
    error = {"error": {"message": "No such thing.", "type": "acme_error", "param": "tools", "code": "acme"}}
    provider.behave("acme-large", fails(said, error, {"retry-after": "31"}))
    for answer in both_ways(caller):
        assert answer.status == told
        assert "No such thing." in answer.error["message"]
        assert answer.headers["retry-after"] == "31"
        if told < 500:
            assert (answer.error["type"], answer.error["param"], answer.error["code"]) == (
                "acme_error",
                "tools",
                "acme",
            )


def test_a_refused_credential_is_the_gateways_fault_and_stays_secret(caller: Caller, provider: MockProvider) -> None:
    error = {"error": {"message": f"Incorrect API key provided: {SECRET}.", "type": "authentication_error"}}
    for status in (401, 403):
        provider.behave("acme-large", fails(status, error))
        for answer in both_ways(caller):
            assert (answer.status, answer.error["code"]) == (502, "provider_credential_refused")
            assert "'acme'" in answer.error["message"]


def test_an_error_page_is_not_passed_on(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-large", fails(502, "<html><script>alert(1)</script>"))
    for answer in both_ways(caller):
        assert answer.status == 502
        assert b"<script>" not in answer.raw


def test_an_error_inside_a_200_gets_its_real_status(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-large", fails(200, RATE_LIMIT))
    for answer in both_ways(caller):
        assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")


def test_an_error_in_the_first_event_gets_its_real_status(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-large", streams_error_first(RATE_LIMIT["error"]))
    answer = caller.chat("helper", stream=True)
    assert (answer.status, answer.error["type"]) == (429, "rate_limit_error")
    assert answer.headers["content-type"] == "application/json"


def test_an_answer_that_is_no_completion_is_refused(caller: Caller, provider: MockProvider) -> None:
    for body in ("hello", "[]", "", '{"choices": [{"message": {"content": "cut'):
        provider.behave("acme-large", fails(200, body))
        for answer in both_ways(caller):
            assert (answer.status, answer.error["code"]) == (502, "provider_protocol")


def test_an_answer_in_one_piece_to_a_stream_request_is_refused(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-large", answers())
    answer = caller.chat("helper", stream=True)
    assert (answer.status, answer.error["code"]) == (502, "provider_protocol")


@pytest.mark.parametrize(
    ("end", "code"),
    [(then_error, "provider_error"), (then_cut, "provider_unreachable"), (then_end, "provider_protocol")],
)
def test_an_error_after_the_first_byte_ends_the_stream_without_done(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess, end, code: str
) -> None:
    provider.behave("acme-large", streams(("Ahoy",), pause=0.05, end=end))
    answer = caller.chat("helper", stream=True)
    assert answer.status == 200
    assert answer.events[1]["choices"][0]["delta"]["content"] == "Ahoy"
    assert answer.events[-1]["error"]["code"] == code
    assert "[DONE]" not in answer.events
    entry = entry_of(gateway_process.spool, answer.trace_id)
    assert (entry.status, entry.attributes["error.type"]) == ("error", code)
    assert entry.attributes["flywheel.usage.estimated"] is True


def test_the_official_client_raises_for_an_error_in_the_middle_of_a_stream(
    openai: OpenAI, provider: MockProvider
) -> None:
    provider.behave("acme-large", streams(("Ahoy",), pause=0.05, end=then_error))
    received = []
    with pytest.raises(APIError, match="fell over"):
        received.extend(openai.chat.completions.create(model="helper", messages=HELLO, stream=True))


def test_a_finished_stream_without_done_gets_one(caller: Caller, provider: MockProvider) -> None:
    async def behaviour(asked, writer) -> None:
        await open_stream(writer)
        await event(writer, {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]})
        await then_end(writer)

    provider.behave("acme-large", behaviour)
    assert caller.chat("helper", stream=True).events[-1] == "[DONE]"


def test_an_answer_without_usage_is_estimated(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", answers("x" * 40, usage=None))
    entry = entry_of(gateway_process.spool, caller.chat("helper").trace_id)
    assert entry.attributes["gen_ai.usage.output_tokens"] == 10
    assert entry.attributes["gen_ai.usage.input_tokens"] == 2
    assert entry.attributes["flywheel.usage.estimated"] is True
