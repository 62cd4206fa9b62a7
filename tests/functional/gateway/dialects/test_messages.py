"""Applications that speak Anthropic's protocol, whoever answers."""

import json

import anthropic as sdk
import pytest
from anthropic import Anthropic

from tests.functional.gateway.dialects.claude import MESSAGE, claude_that_falls_over
from tests.helpers.calling import HELLO, Caller
from tests.helpers.mock_provider import Asked, MockProvider, chunk, close_stream, event, fails, open_stream, streams
from tests.helpers.mock_provider import then_error as falls_over
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of

PATH = "/v1/messages"
TOOL = {"name": "tide", "description": "High water.", "input_schema": {"type": "object", "properties": {}}}


def ask(client: Anthropic, model: str, **members):
    return client.messages.create(model=model, max_tokens=100, messages=HELLO, **members)


async def calls_a_tool(asked: Asked, writer) -> None:
    await open_stream(writer)
    for delta in (
        {"role": "assistant", "content": "Let me look. "},
        {
            "tool_calls": [
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": "tide", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"port":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]},
    ):
        await event(writer, chunk(asked, delta))
    await event(writer, chunk(asked, {}, finish="tool_calls"))
    await event(writer, "[DONE]")
    await close_stream(writer)


def test_the_official_client_gets_a_message_from_a_chat_model(anthropic: Anthropic, provider: MockProvider) -> None:
    message = ask(anthropic, "helper", system="Be brief.", stop_sequences=["\n\n"])
    assert (message.content[0].text, message.stop_reason, message.role) == ("Ahoy there.", "end_turn", "assistant")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (24, 10)
    (asked,) = provider.asked
    assert asked.body["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]
    assert (asked.body["stop"], asked.path) == (["\n\n"], "/v1/chat/completions")


def test_the_official_client_streams_a_message_from_a_chat_model(anthropic: Anthropic) -> None:
    with anthropic.messages.stream(model="helper", max_tokens=100, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == "Ahoy there."
        whole = stream.get_final_message()
    assert (whole.stop_reason, whole.usage.input_tokens, whole.usage.output_tokens) == ("end_turn", 24, 10)


def test_a_streamed_tool_call_arrives_as_one_block_with_its_input(anthropic: Anthropic, provider: MockProvider) -> None:
    provider.behave("acme-large", calls_a_tool)
    with anthropic.messages.stream(model="helper", max_tokens=100, messages=HELLO, tools=[TOOL]) as stream:
        text, call = stream.get_final_message().content
    assert text.text == "Let me look. "
    assert (call.type, call.name, call.id, call.input) == ("tool_use", "tide", "call_1", {"port": "Oslo"})


def test_a_route_adds_its_prompt_to_a_message_too(anthropic: Anthropic, provider: MockProvider) -> None:
    ask(anthropic, "support")
    assert provider.asked[-1].body["messages"][0]["role"] == "system"
    assert provider.asked[-1].body["temperature"] == 0.5


def test_a_provider_of_the_same_dialect_gets_the_request_as_it_is(caller: Caller, provider: MockProvider) -> None:
    odd = {"model": "claude", "max_tokens": 9, "messages": HELLO, "acme": {"a": [1.50]}, "top_k": 3}
    answer = caller.post(odd, path=PATH, headers={"anthropic-version": "2023-06-01", "anthropic-beta": "tides-1"})
    assert answer.json == MESSAGE
    (asked,) = provider.asked
    assert asked.body == odd | {"model": "claude-x"}
    assert (asked.headers["anthropic-beta"], asked.headers["x-api-key"]) == ("tides-1", "sk-ant-1")
    assert "authorization" not in asked.headers


def test_a_stream_of_the_same_dialect_goes_through_and_is_counted(
    caller: Caller, gateway_process: ServerProcess
) -> None:
    answer = caller.post({"model": "claude", "max_tokens": 9, "messages": HELLO, "stream": True}, path=PATH)
    told = [json.loads(line.removeprefix(b"data: ")) for line in answer.raw.split(b"\n") if line.startswith(b"data")]
    assert [event["type"] for event in told][-2:] == ["message_delta", "message_stop"]
    assert answer.raw.count(b"event: message_stop") == 1
    labels = entry_of(gateway_process.spool, answer.trace_id).attributes
    assert (labels["gen_ai.usage.input_tokens"], labels["gen_ai.usage.output_tokens"]) == (24, 3)
    assert labels["flywheel.cost.nano_usd"] == 24 * 1000 + 3 * 2000


@pytest.mark.parametrize("model", ["helper", "claude"])
def test_a_stream_that_falls_over_ends_with_an_error_the_client_raises(
    anthropic: Anthropic, provider: MockProvider, model: str
) -> None:
    provider.behave("acme-large", streams(end=falls_over))
    provider.behave("claude-x", claude_that_falls_over)
    with (
        pytest.raises(sdk.APIStatusError),
        anthropic.messages.stream(model=model, max_tokens=100, messages=HELLO) as stream,
    ):
        stream.get_final_message()


@pytest.mark.parametrize(
    ("status", "raised"),
    [(400, sdk.BadRequestError), (429, sdk.RateLimitError), (500, sdk.InternalServerError)],
)
def test_the_official_client_raises_its_own_errors(
    anthropic: Anthropic, provider: MockProvider, status: int, raised: type[Exception]
) -> None:
    provider.behave("acme-large", fails(status, {"error": {"message": "No.", "type": "acme_error"}}))
    with pytest.raises(raised, match="No"):
        ask(anthropic, "helper")


def test_refusals_have_the_dialects_shape(caller: Caller) -> None:
    wrong = caller.post({"model": "helper", "messages": HELLO}, path=PATH)
    assert (wrong.status, wrong.json["type"], wrong.error["type"]) == (400, "error", "invalid_request_error")
    assert "max_tokens" in wrong.error["message"]
    unknown = caller.post({"model": "nobody", "max_tokens": 1, "messages": HELLO}, path=PATH)
    assert (unknown.status, unknown.error["type"]) == (404, "not_found_error")
    keyless = caller.post({"model": "helper"}, path=PATH, headers={"authorization": "", "x-api-key": "fw_sk_no"})
    assert (keyless.status, keyless.error["type"]) == (401, "authentication_error")


def test_tokens_are_counted_by_the_provider_or_estimated(
    caller: Caller, anthropic: Anthropic, gateway_process: ServerProcess
) -> None:
    assert anthropic.messages.count_tokens(model="claude", messages=HELLO).input_tokens == 17
    guessed = caller.post({"model": "helper", "messages": HELLO}, path="/v1/messages/count_tokens")
    assert (guessed.status, guessed.headers["x-flywheel-estimated"]) == (200, "true")
    assert 1 <= guessed.json["input_tokens"] <= 10
    labels = entry_of(gateway_process.spool, guessed.trace_id).attributes
    assert labels["gen_ai.operation.name"] == "count_tokens"
    assert "flywheel.cost.nano_usd" not in labels
