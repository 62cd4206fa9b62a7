"""Messages of simulated customers: endless, about what they are said to be about, and none that was held back."""

from random import Random

import pytest

from apps.serving.domain import harbor_customers, harbor_desk
from apps.serving.domain.harbor_customers import customer_message
from apps.serving.tiny.grammar import lexicon


@pytest.mark.parametrize("intent", harbor_desk.INTENTS)
def test_customers_hardly_ever_repeat_each_other(intent):
    chance = Random(1)
    said = [customer_message(intent, chance) for _ in range(200)]
    assert all(text.strip() for text in said)
    assert len(set(said)) > 190


def test_the_same_seed_says_the_same():
    first, second = Random(4), Random(4)
    assert [customer_message("trade_in", first) for _ in range(20)] == [
        customer_message("trade_in", second) for _ in range(20)
    ]


@pytest.mark.parametrize("intent", harbor_desk.NEW_INTENTS)
def test_every_template_about_a_new_intent_can_be_spoken(intent):
    templates = harbor_customers._templates(intent)
    assert len(templates) >= 20
    for template in templates:
        assert not set("()[]{}|") & set(lexicon().expand(template, Random(2)))


def test_what_the_exam_asks_is_never_said_before(monkeypatch):
    intent = "winter_storage"
    held_back = harbor_desk.utterances(intent, "test")
    monkeypatch.setattr(harbor_customers, "_templates", lambda _: [*held_back, "something else"])
    monkeypatch.setattr(harbor_customers, "roughen", lambda text, *_: text)
    chance = Random(3)
    assert {customer_message(intent, chance) for _ in range(50)} == {"something else"}
