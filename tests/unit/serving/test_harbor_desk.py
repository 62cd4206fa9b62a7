import json
import re

import pytest

from apps.serving.domain import harbor_desk
from apps.serving.domain.harbor_desk import INTENTS, KNOWN_INTENTS, NEW_INTENTS, Split

HALVES: tuple[Split, Split] = ("train", "test")


def every_line(intent: str) -> list[str]:
    return [line for half in HALVES for line in harbor_desk.utterances(intent, half)]


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def test_the_shop_has_sixteen_intents_of_which_four_are_new() -> None:
    assert len(set(INTENTS)) == 16
    assert len(KNOWN_INTENTS) == 12
    assert len(NEW_INTENTS) == 4
    assert not set(KNOWN_INTENTS) & set(NEW_INTENTS)


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_enough_utterances_in_two_halves_of_one_size(intent: str) -> None:
    train, test = (harbor_desk.utterances(intent, half) for half in HALVES)
    assert len(train) + len(test) >= 44
    assert 0 <= len(train) - len(test) <= 1


def test_no_utterance_occurs_twice_in_or_across_intents() -> None:
    seen = [plain(line) for intent in INTENTS for line in every_line(intent)]
    assert len(seen) == len(set(seen))
    assert all(seen)


def test_no_two_utterances_are_nearly_the_same() -> None:
    bags = [(line, set(plain(line).split())) for intent in INTENTS for line in every_line(intent)]
    alike = [
        (left, right)
        for place, (left, first) in enumerate(bags)
        for right, second in bags[place + 1 :]
        if len(first | second) >= 5 and len(first & second) / len(first | second) > 0.75
    ]
    assert alike == []


def test_utterances_are_tidy_lines() -> None:
    for intent in INTENTS:
        for line in every_line(intent):
            assert line == " ".join(line.split())
            assert line.isascii()


def test_odd_lines_are_for_training_and_even_lines_for_testing() -> None:
    assert harbor_desk.utterances("order_status", "train")[0].startswith("Where is my order?")
    assert harbor_desk.utterances("order_status", "test")[0].startswith("any news on parcel 48213")


def test_the_truth_of_an_utterance_is_its_intent_in_either_half() -> None:
    for intent in INTENTS:
        assert {harbor_desk.truth(line) for line in every_line(intent)} == {intent}


def test_the_truth_of_a_foreign_text_is_unknown() -> None:
    with pytest.raises(harbor_desk.UnknownUtteranceError, match="What is the weather like"):
        harbor_desk.truth("What is the weather like?")


def test_utterances_of_an_unknown_intent_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mast_rental"):
        harbor_desk.utterances("mast_rental", "train")


def test_changing_a_returned_list_does_not_change_the_data() -> None:
    harbor_desk.utterances("trade_in", "test").clear()
    assert len(harbor_desk.utterances("trade_in", "test")) == 30


@pytest.mark.parametrize("intent", INTENTS)
def test_the_expected_answer_is_compact_json_of_intent_and_reply(intent: str) -> None:
    answer = harbor_desk.expected_answer(intent)
    said = json.loads(answer)
    assert said == {"intent": intent, "reply": harbor_desk.CANONICAL_REPLY[intent]}
    assert answer == json.dumps(said, separators=(",", ":"))


def test_every_intent_has_a_reply_of_its_own() -> None:
    assert set(harbor_desk.CANONICAL_REPLY) == set(INTENTS)
    assert len(set(harbor_desk.CANONICAL_REPLY.values())) == 16
