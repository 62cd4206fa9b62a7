"""Prices of single kinds of tokens: set on the page of a model, shown there, and what calls cost by them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from llmkit.pricing import Rates, cost
from llmkit.usage import Usage
from tests.factories.accounts import make_member, make_project
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
KINDS = {
    "cache_creation_nano": "0.25",
    "audio_input_nano": "40",
    "image_input_nano": "5",
    "reasoning_nano": "3",
    "audio_output_nano": "80",
}


@pytest.fixture
def model():
    return make_model(make_provider(make_project()))


@pytest.fixture
def engineer(client, model):
    client.force_login(make_member(model.project))
    return client


def submit(engineer, model, **prices):
    address = reverse("serving:price", args=[model.project.slug, model.id])
    return engineer.post(address, {"input_nano": "0.2", "output_nano": "0.8", **prices})


def test_each_kind_of_token_gets_its_price_on_the_page(engineer, model):
    submit(engineer, model, cached_input_nano="0.02", **KINDS)
    assert model.price_at(timezone.now()).rates == Rates(
        input=200_000_000,
        output=800_000_000,
        cached_input=20_000_000,
        cache_creation=250_000_000,
        audio_input=40_000_000_000,
        image_input=5_000_000_000,
        reasoning=3_000_000_000,
        audio_output=80_000_000_000,
    )
    shown = engineer.get(reverse("serving:model", args=[model.project.slug, model.id])).content.decode()
    for text in ("written to the cache $0.25", "audio input $40.00", "audio output $80.00", "reasoning $3.00"):
        assert text in shown


def test_kinds_without_a_price_cost_what_input_or_output_costs(engineer, model):
    submit(engineer, model)
    price = model.price_at(timezone.now())
    assert all(getattr(price, kind) is None for kind in KINDS)
    usage = Usage(prompt_tokens=1_000_000, audio_prompt_tokens=400_000, completion_tokens=0)
    assert cost(usage, price.rates) == 200_000_000
    assert (
        "audio input"
        not in engineer.get(reverse("serving:model", args=[model.project.slug, model.id])).content.decode()
    )


def test_a_wrong_price_of_a_kind_is_said_at_its_field(engineer, model):
    answer = submit(engineer, model, reasoning_nano="-1")
    assert answer.status_code == 422
    assert model.price_at(timezone.now()) is None
