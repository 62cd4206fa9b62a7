"""What an application gets that asks for vectors."""

import json

from openai import OpenAI

from apps.serving.models import Provider
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.helpers.calling import Caller
from tests.helpers.mock_provider import MockProvider, embeds, fails
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of
from tests.helpers.waiting import eventually

PATH = "/v1/embeddings"
TEXTS = ["Ahoy!", "The bilge pump leaks"]


def embed(caller: Caller, model: str = "helper", **members):
    return caller.post({"model": model, "input": TEXTS} | members, path=PATH)


def test_the_official_client_gets_vectors(openai: OpenAI, provider: MockProvider) -> None:
    for packed in ({}, {"encoding_format": "float"}):  # the client itself asks for base64 unless told otherwise
        found = openai.embeddings.create(model="helper", input=TEXTS, **packed)
        assert [each.embedding for each in found.data] == [[5.0, 0.0], [20.0, 1.0]]
        assert found.usage.prompt_tokens == 7
    assert [asked.body["encoding_format"] for asked in provider.asked_for("acme-large")] == ["base64", "float"]


def test_a_route_gives_its_model_and_keeps_its_prompt_and_defaults_to_itself(
    caller: Caller, provider: MockProvider
) -> None:
    answer = embed(caller, "support", dimensions=2)
    assert answer.headers["x-flywheel-route"] == "support"
    assert provider.asked[-1].body == {"model": "acme-large", "input": TEXTS, "dimensions": 2}


def test_the_record_holds_usage_and_cost_but_no_vectors(caller: Caller, gateway_process: ServerProcess) -> None:
    entry = entry_of(gateway_process.spool, embed(caller, user="ada").trace_id)
    labels = entry.attributes
    assert (entry.name, labels["gen_ai.operation.name"], labels["user.id"]) == (
        "embeddings helper",
        "embeddings",
        "ada",
    )
    assert (labels["gen_ai.usage.input_tokens"], labels["flywheel.cost.nano_usd"]) == (7, 1050)
    assert (json.loads(bytes(entry.request))["input"], bytes(entry.response)) == (TEXTS, b"")


def test_tokens_are_estimated_where_the_provider_counts_none(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", embeds(usage=None))
    labels = entry_of(gateway_process.spool, embed(caller).trace_id).attributes
    assert (labels["gen_ai.usage.input_tokens"], labels["flywheel.usage.estimated"]) == (7, True)


def test_a_provider_that_cannot_embed_is_named_before_it_is_asked(
    caller: Caller, house: House, provider: MockProvider
) -> None:
    claude = make_provider(house.project, base_url=provider.url, kind=Provider.Kind.ANTHROPIC, name="claude")
    make_model(claude, name="claude")
    answer = eventually(lambda: (got := embed(caller, "claude")).status == 400 and got)
    assert answer.error["code"] == "unsupported_by_provider"
    assert "Anthropic" in answer.error["message"]
    assert provider.asked_for("claude") == []


def test_refusals_are_the_same_as_for_chats(
    caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    assert (embed(caller, "nothing").status, embed(caller, input="").error["param"]) == (404, "input")
    assert caller.get(PATH).status == 405
    provider.behave("acme-large", fails(429, {"error": {"message": "Slow down."}}, {"retry-after": "31"}))
    refused = embed(caller)
    assert (refused.status, refused.headers["retry-after"]) == (429, "31")
    provider.behave("acme-large", fails(200, "nonsense"))
    assert embed(caller).status == 502
    assert entry_of(gateway_process.spool, refused.trace_id).attributes["http.response.status_code"] == 429
