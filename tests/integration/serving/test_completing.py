"""Asking a model one question: every kind of provider, its refusals, and patience with a busy one."""

import asyncio
import json

import pytest
from django.conf import settings as django_settings

from apps.accounts.services import Actor
from apps.serving.models import Provider
from apps.serving.services import (
    HttpClient,
    ModelCallFailed,
    complete,
    completing,
    connect_local_engine,
    upstream_of,
)
from tests.factories.accounts import make_project
from tests.factories.serving import make_model, make_provider
from tests.helpers.mock_provider import answers, fails, hangs

pytestmark = pytest.mark.django_db
HELLO = [{"role": "user", "content": "Ahoy?"}]


@pytest.fixture
def model(provider):
    return make_model(make_provider(make_project(), base_url=provider.url), name="helper", upstream_name="acme-large")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(completing, "FIRST_PAUSE", 0.001)


def ask(model, /, **parameters):
    async def asking():
        client = HttpClient()
        try:
            return await complete(upstream, client, model=model, messages=HELLO, parameters=parameters)
        finally:
            await client.aclose()

    upstream = upstream_of(model.provider)
    return asyncio.run(asking())


def answers_later(times, status, headers=None):
    """Refuses `times` times, then answers."""
    refused = []

    async def behaviour(asked, writer):
        refused.append(asked)
        late = len(refused) > times
        await (answers() if late else fails(status, {"error": {"message": "busy"}}, headers))(asked, writer)

    return behaviour


def test_a_completion_has_text_tokens_and_time(provider, model):
    found = ask(model, temperature=0, max_tokens=5)
    assert (found.text, found.input_tokens, found.output_tokens) == ("Ahoy there.", 24, 10)
    assert found.latency_ms > 0
    sent = provider.asked_for("acme-large")[0]
    assert sent.headers["authorization"] == "Bearer sk-provider-secret"
    assert (sent.body["messages"], sent.body["temperature"], sent.body["max_tokens"]) == (HELLO, 0, 5)


def test_parameters_cannot_change_which_model_is_asked(provider, model):
    ask(model, model="another", stream=True)
    assert [asked.body["model"] for asked in provider.asked] == ["acme-large"]
    assert provider.asked[0].body["stream"] is False


def test_anthropic_is_asked_in_its_own_protocol(provider):
    their_answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "Aye."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    provider.behave("claude", fails(200, their_answer))
    anthropic = make_provider(make_project(), base_url=provider.url, kind=Provider.Kind.ANTHROPIC)
    found = ask(make_model(anthropic, name="claude"), max_tokens=5)
    assert (found.text, found.input_tokens, found.output_tokens) == ("Aye.", 3, 2)
    assert provider.asked[0].path == "/v1/messages"


def test_the_local_engine_is_asked_with_its_token(provider, settings):
    settings.ENGINE_URL, settings.ENGINE_TOKEN = provider.url, "engine-token"
    local = connect_local_engine(actor=Actor(), project=make_project())
    assert ask(make_model(local, name="tiny")).text == "Ahoy there."
    assert provider.asked[0].headers["authorization"] == "Bearer engine-token"
    assert provider.url == django_settings.ENGINE_URL


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_provider_is_asked_again(provider, model, status):
    provider.behave("acme-large", answers_later(3, status))
    assert ask(model).text == "Ahoy there."
    assert len(provider.asked) == 4


def test_a_provider_that_stays_busy_is_given_up(provider, model):
    provider.behave("acme-large", fails(429, {"error": {"message": "Too many."}}))
    with pytest.raises(ModelCallFailed, match="429: Too many") as caught:
        ask(model)
    assert caught.value.status == 429
    assert len(provider.asked) == completing.MOST_TRIES


def test_a_wait_longer_than_the_patience_is_not_waited(provider, model):
    provider.behave("acme-large", answers_later(1, 429, {"retry-after": "3600"}))
    with pytest.raises(ModelCallFailed):
        ask(model)
    assert len(provider.asked) == 1


def test_other_refusals_are_not_repeated(provider, model):
    provider.behave("acme-large", fails(400, {"error": {"message": "No such parameter."}}))
    with pytest.raises(ModelCallFailed, match="No such parameter"):
        ask(model)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("body", ["<html>", json.dumps({"choices": []}), json.dumps({"hello": 1})])
def test_what_is_no_completion_is_said_to_be_none(provider, model, body):
    provider.behave("acme-large", fails(200, body))
    with pytest.raises(ModelCallFailed, match="not a chat completion"):
        ask(model)


def test_an_error_inside_a_200_is_told(provider, model):
    provider.behave("acme-large", fails(200, {"error": {"message": "Fell over.", "code": 500}}))
    with pytest.raises(ModelCallFailed, match="Fell over"):
        ask(model)


def test_a_silent_provider_fails_in_words(provider, model):
    provider.behave("acme-large", hangs())
    model.provider.first_byte_timeout_ms = 50
    with pytest.raises(ModelCallFailed, match="did not answer in time"):
        ask(model)


def test_the_credential_is_in_no_message(provider, model):
    provider.behave("acme-large", fails(400, {"error": {"message": "bad key sk-provider-secret"}}))
    with pytest.raises(ModelCallFailed) as caught:
        ask(model)
    assert "sk-provider-secret" not in str(caught.value)
