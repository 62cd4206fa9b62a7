"""What kinds of providers ask for besides address and credential."""

import pytest

from apps.serving.providers import Access, InvalidOption, adapter_for, check_options

AZURE, BEDROCK, OPENAI = (adapter_for(kind).options for kind in ("azure_openai", "bedrock", "openai_compatible"))


@pytest.mark.parametrize(
    ("options", "given", "stored"),
    [
        (AZURE, {}, {}),
        (AZURE, {"api_version": " 2024-10-21 "}, {"api_version": "2024-10-21"}),
        (AZURE, {"api_version": "2025-03-01-preview"}, {"api_version": "2025-03-01-preview"}),
        (AZURE, {"api_version": ""}, {}),
        (BEDROCK, {"region": "us-gov-west-1"}, {"region": "us-gov-west-1"}),
        (OPENAI, {"responses": True}, {"responses": "yes"}),
        (OPENAI, {"responses": "yes"}, {"responses": "yes"}),
        (OPENAI, {"responses": False}, {}),
        (OPENAI, {"responses": None}, {}),
    ],
)
def test_what_is_set_is_stored_and_nothing_else(options, given, stored):
    assert check_options(options, given) == stored
    assert check_options(options, stored) == stored


@pytest.mark.parametrize(
    ("options", "given", "name"),
    [
        (AZURE, {"api_version": "latest"}, "api_version"),
        (AZURE, {"api_version": "2024-10-21&x=1"}, "api_version"),
        (AZURE, {"api_version": 5}, "api_version"),
        (AZURE, {"region": "eu-west-1"}, "region"),
        (BEDROCK, {}, "region"),
        (BEDROCK, {"region": "eu-west-1.evil.example/"}, "region"),
        (OPENAI, {"responses": "maybe"}, "responses"),
    ],
)
def test_what_is_wrong_or_missing_is_named(options, given, name):
    with pytest.raises(InvalidOption) as refusal:
        check_options(options, given)
    assert refusal.value.name == name
    assert str(refusal.value)


def test_an_access_shows_everything_but_its_credential():
    access = Access("sk-secret", "acme.example", "/v1", {"region": "x"})
    assert "sk-secret" not in repr(access)
    assert (access.option("region"), access.option("other")) == ("x", "")
