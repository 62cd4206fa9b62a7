"""Applications that speak OpenAI's Responses API, whoever answers."""

import json

import openai as sdk
import pytest
from openai import OpenAI

from tests.factories.accounts import make_project, make_secret_key
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.dialects.claude import events
from tests.helpers.calling import Caller
from tests.helpers.mock_provider import Asked, MockProvider, fails, streams
from tests.helpers.mock_provider import then_error as falls_over
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of
from tests.helpers.waiting import eventually

PATH, PREVIOUS = "/v1/responses", "previous_response_id"
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
    "content": [{"type": "output_text", "text": "Ahoy.", "annotations": []}],
}  # fmt: skip
RESPONSE = {
    "id": "resp_upstream", "object": "response", "created_at": 1, "status": "completed", "model": "acme-thinker",
    "output": [MESSAGE], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    "usage": {
        "input_tokens": 12, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 17,
    },
}  # fmt: skip
EVENTS = [
    {"type": "response.created", "sequence_number": 0, "response": {**RESPONSE, "status": "in_progress", "output": []}},
    {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": {**MESSAGE, "content": []}},
    {
        "type": "response.output_text.delta", "sequence_number": 2, "item_id": "msg_1", "output_index": 0,
        "content_index": 0, "delta": "Ahoy.", "logprobs": [],
    },
    {"type": "response.completed", "sequence_number": 3, "response": RESPONSE},
]  # fmt: skip


async def thinker(asked: Asked, writer) -> None:
    await (events(writer, EVENTS) if asked.body.get("stream") else fails(200, RESPONSE)(asked, writer))


def test_the_official_client_gets_a_response_from_a_chat_model(openai: OpenAI, provider: MockProvider) -> None:
    response = openai.responses.create(model="helper", input="Ahoy!", instructions="Be brief.", max_output_tokens=50)
    assert (response.output_text, response.status) == ("Ahoy there.", "completed")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (24, 10)
    (asked,) = provider.asked
    assert [message["role"] for message in asked.body["messages"]] == ["system", "user"]
    assert asked.body["max_completion_tokens"] == 50


def test_the_official_client_streams_typed_events_in_order(openai: OpenAI) -> None:
    told = list(openai.responses.create(model="helper", input="Ahoy!", stream=True))
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert [told[0].type, told[1].type, told[-1].type] == [
        "response.created", "response.in_progress", "response.completed"
    ]  # fmt: skip
    words = [event.delta for event in told if event.type == "response.output_text.delta"]
    assert "".join(words) == told[-1].response.output_text == "Ahoy there."
    assert told[-1].response.usage.total_tokens == 34


@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_goes_on_from_the_id_of_its_last_response(
    openai: OpenAI, provider: MockProvider, streamed: bool
) -> None:
    if streamed:
        first = list(openai.responses.create(model="helper", input="Ahoy!", stream=True))[-1].response
    else:
        first = openai.responses.create(model="helper", input="Ahoy!")
    openai.responses.create(model="helper", input="And now?", previous_response_id=first.id)
    said = [(message["role"], message["content"]) for message in provider.asked[-1].body["messages"]]
    assert [role for role, _ in said] == ["user", "assistant", "user"]
    assert "Ahoy there." in json.dumps(said[1])
    assert openai.responses.retrieve(first.id).output_text == "Ahoy there."
    openai.responses.delete(first.id)
    with pytest.raises(sdk.NotFoundError):
        openai.responses.retrieve(first.id)


def test_a_response_that_is_not_to_be_stored_is_not_gone_on_from(openai: OpenAI) -> None:
    first = openai.responses.create(model="helper", input="Ahoy!", store=False)
    with pytest.raises(sdk.NotFoundError, match="There is no response"):
        openai.responses.create(model="helper", input="And now?", previous_response_id=first.id)


def test_another_project_sees_nothing_of_a_conversation(openai: OpenAI, caller: Caller, provider: MockProvider) -> None:
    first = openai.responses.create(model="helper", input="The password is swordfish.")
    stranger = make_project()
    make_model(make_provider(stranger, base_url=provider.url), name="helper", upstream_name="acme-large")
    other = Caller(caller.url, make_secret_key(stranger).text)
    eventually(lambda: other.get("/v1/models").status == 200)
    assert other.get(f"{PATH}/{first.id}").status == 404
    assert other.request("DELETE", f"{PATH}/{first.id}").status == 404
    asked = other.post({"model": "helper", "input": "?", "previous_response_id": first.id}, path=PATH)
    assert (asked.status, asked.error["param"]) == (404, "previous_response_id")
    assert openai.responses.retrieve(first.id).id == first.id


def test_a_provider_of_the_same_dialect_gets_what_only_it_understands(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-thinker", thinker)
    search = {
        "model": "thinker",
        "input": "Tides?",
        "tools": [{"type": "web_search"}],
        "previous_response_id": "resp_9",
    }
    answer = caller.post(search, path=PATH)
    assert answer.json == RESPONSE
    (asked,) = provider.asked
    assert (asked.path, asked.body) == (PATH, search | {"model": "acme-thinker"})
    refused = caller.post(search | {"model": "helper", PREVIOUS: None}, path=PATH)
    assert (refused.status, refused.error["param"]) == (400, "tools[0].type")


def test_a_stream_of_the_same_dialect_goes_through_and_is_counted(
    openai: OpenAI, caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-thinker", thinker)
    told = list(openai.responses.create(model="thinker", input="Ahoy!", stream=True))
    assert [event.type for event in told] == [event["type"] for event in EVENTS]
    answer = caller.post({"model": "thinker", "input": "Ahoy!", "stream": True}, path=PATH)
    labels = entry_of(gateway_process.spool, answer.trace_id).attributes
    assert (labels["gen_ai.usage.input_tokens"], labels["gen_ai.usage.output_tokens"]) == (12, 5)
    assert labels["gen_ai.response.finish_reasons"] == ["stop"]


def test_a_stream_that_falls_over_ends_as_a_failed_response(openai: OpenAI, provider: MockProvider) -> None:
    provider.behave("acme-large", streams(end=falls_over))
    told = list(openai.responses.create(model="helper", input="Ahoy!", stream=True))
    assert told[-1].type == "response.failed"
    assert "fell over" in told[-1].response.error.message
