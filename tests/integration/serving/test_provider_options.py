"""What kinds of providers ask for besides address and credential: stored, checked, asked for by the forms."""

import json

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.services import Actor
from apps.gateway.forms import ConnectForm
from apps.serving.forms import EndpointForm
from apps.serving.models import Provider
from apps.serving.services import Endpoint, UpstreamUnusable, change_endpoint, connect_provider, upstream_of
from tests.factories.accounts import make_project

pytestmark = pytest.mark.django_db
AWS = "https://bedrock-runtime.eu-west-1.amazonaws.com"
KEYS = json.dumps({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "very-secret"})


def connect(kind="bedrock", base_url=AWS, credential=KEYS, **fields) -> Provider:
    endpoint = Endpoint(kind=kind, base_url=base_url, credential=credential, **fields)
    return connect_provider(actor=Actor(), project=make_project(), name="acme", endpoint=endpoint)


def refused(**fields) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        connect(**fields)
    return list(caught.value.message_dict)


def filled(**fields) -> ConnectForm:
    known = {"name": "acme", "models": "m", "context_tokens": 1000}
    return ConnectForm(known | fields, project=make_project())


def test_options_are_stored_and_reach_the_adapter():
    provider = connect(options={"region": " eu-west-1 "})
    provider.refresh_from_db()
    assert provider.options == {"region": "eu-west-1"}
    upstream = upstream_of(provider)
    assert upstream.access.option("region") == "eu-west-1"
    assert (upstream.access.authority, upstream.access.base_path) == ("bedrock-runtime.eu-west-1.amazonaws.com", "")
    assert upstream.access.credential == KEYS
    assert "very-secret" not in repr(upstream)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "region"),
        ({"options": {"region": "nowhere"}}, "region"),
        ({"options": {"region": "eu-west-1", "zone": "a"}}, "zone"),
        ({"options": {"region": "eu-west-1"}, "credential": "{oops"}, "credential"),
        ({"kind": "azure_openai", "base_url": "", "credential": "k"}, "base_url"),
        ({"kind": "azure_openai", "credential": "k", "options": {"api_version": "new"}}, "api_version"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields, name):
    assert refused(**fields) == [name]


def test_options_stay_unless_new_ones_are_given():
    provider = connect("azure_openai", "https://acme.openai.azure.com", "k", options={"api_version": "2024-10-21"})
    same = Endpoint(kind=provider.kind, base_url=provider.base_url)
    change_endpoint(actor=Actor(), provider=provider, endpoint=same)
    assert provider.options == {"api_version": "2024-10-21"}
    newer = Endpoint(kind=provider.kind, base_url=provider.base_url, options={"api_version": ""})
    change_endpoint(actor=Actor(), provider=provider, endpoint=newer)
    provider.refresh_from_db()
    assert provider.options == {}


def test_a_stored_option_that_is_no_good_any_more_makes_the_provider_unusable():
    provider = connect(options={"region": "eu-west-1"})
    provider.options = {}
    with pytest.raises(UpstreamUnusable, match="region"):
        upstream_of(provider)


def test_the_form_that_connects_asks_for_every_kinds_options_and_sends_the_chosen_ones():
    form = filled(kind="bedrock", region="eu-west-1", api_version="2024-10-21", credential=KEYS)
    assert form.is_valid(), form.errors
    endpoint = form.endpoint()
    assert (endpoint.base_url, endpoint.options) == (AWS, {"region": "eu-west-1"})
    assert {"region", "api_version", "responses"} <= set(form.fields)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("openai_compatible", "https://api.openai.com/v1"),
        ("anthropic", "https://api.anthropic.com/v1"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta"),
        ("mistral", "https://api.mistral.ai/v1"),
        ("cohere", "https://api.cohere.com"),
        ("azure_openai", ""),
    ],
)
def test_an_empty_address_is_the_usual_one_of_the_kind(kind, address):
    form = filled(kind=kind)
    assert form.is_valid(), form.errors
    assert form.endpoint().base_url == address


def test_the_form_that_changes_shows_what_its_kind_needs_and_what_is_stored():
    provider = connect(options={"region": "eu-west-1"})
    assert EndpointForm(provider=provider).initial["region"] == "eu-west-1"
    form = EndpointForm({"base_url": AWS, "region": "us-east-1"}, provider=provider)
    assert form.is_valid()
    assert form.endpoint().options == {"region": "us-east-1"}
