"""A provider that speaks Anthropic's protocol, called by OpenAI's client."""

import pytest
from openai import OpenAI

from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.functional.gateway.dialects.claude import claude
from tests.helpers.calling import HELLO, Caller
from tests.helpers.mock_provider import MockProvider
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of
from tests.helpers.waiting import eventually


@pytest.fixture
def client(house: House, gateway_process: ServerProcess, provider: MockProvider) -> OpenAI:
    served = make_provider(house.project, base_url=provider.url, kind="anthropic", credential="sk-ant-1")
    make_model(served, name="claude", upstream_name="claude-x", input_nano=1_000_000_000, output_nano=2_000_000_000)
    provider.behave("claude-x", claude)
    caller = house.caller(gateway_process)
    eventually(lambda: caller.get("/v1/models/claude").status == 200)
    return OpenAI(base_url=f"{caller.url}/v1", api_key=caller.key, max_retries=0)


def test_a_plain_answer_is_translated(client: OpenAI, provider: MockProvider) -> None:
    answer = client.chat.completions.create(model="claude", messages=HELLO)
    assert answer.choices[0].message.content == "Ahoy."
    assert answer.choices[0].finish_reason == "stop"
    (asked,) = provider.asked
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", "sk-ant-1")


def test_a_stream_is_translated_counted_and_priced(client: OpenAI, gateway_process: ServerProcess) -> None:
    caller = Caller(gateway_process.url, client.api_key)
    answer = caller.chat("claude", stream=True)
    words = [event["choices"][0]["delta"].get("content") for event in answer.events[:-1] if event["choices"]]
    assert "".join(filter(None, words)) == "Ahoy."
    assert answer.events[-1] == "[DONE]"
    attributes = entry_of(gateway_process.spool, answer.trace_id).attributes
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (24, 3)
    assert attributes["flywheel.cost.nano_usd"] == 24 * 1000 + 3 * 2000
