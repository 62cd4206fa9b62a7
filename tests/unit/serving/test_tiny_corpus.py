import json
import re
from functools import cache

import pytest

from apps.serving.domain import harbor_desk
from apps.serving.tiny import corpus
from apps.serving.tiny.grammar import FOLDER

SAMPLE = 15_000


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


@cache
def sample() -> list[corpus.Document]:
    return corpus.documents("a test", SAMPLE)


@cache
def texts() -> list[str]:
    return [document.text for document in sample() if document.text] + [
        message["content"] for document in sample() for message in document.messages
    ]


@cache
def sources() -> str:
    """Everything that the training text is made from, apart from the utterances."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()))


def test_the_same_seed_gives_the_same_documents_and_another_seed_others() -> None:
    assert corpus.documents("one", 50) == corpus.documents("one", 50)
    assert corpus.documents("one", 50) != corpus.documents("two", 50)


@pytest.mark.parametrize(
    "forbidden", ["berth", "winter storage", "lay up", "haul out", "sail repair", "sail loft", "trade in", "part exch"]
)
def test_the_vocabulary_of_the_new_intents_stands_in_no_training_text(forbidden: str) -> None:
    assert forbidden not in plain(sources())
    assert not any(forbidden in plain(text) for text in texts())


def test_labels_replies_and_utterances_of_the_new_intents_stand_in_no_training_text() -> None:
    everything = sources() + "\n".join(texts())
    simple = plain(everything)
    for intent in harbor_desk.NEW_INTENTS:
        assert intent not in everything
        assert plain(harbor_desk.CANONICAL_REPLY[intent]) not in simple
        for utterance in harbor_desk.utterances(intent, "train") + harbor_desk.utterances(intent, "test"):
            assert plain(utterance) not in simple


def test_no_held_back_utterance_is_a_training_message() -> None:
    held_back = {plain(text) for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "test")}
    assert not held_back & {plain(text) for text in texts()}


def test_conversations_end_with_the_expected_answer_of_a_known_intent_or_of_another_desk() -> None:
    expected = {harbor_desk.expected_answer(intent) for intent in harbor_desk.KNOWN_INTENTS}
    answers = [d.messages[-1]["content"] for d in sample() if d.messages]
    assert expected < set(answers)
    assert all(set(json.loads(answer)) == {"intent", "reply"} for answer in set(answers))


def test_messages_hardly_ever_repeat() -> None:
    asked = [m["content"] for document in sample() for m in document.messages if m["role"] == "user"]
    assert len(set(asked)) > 0.85 * len(asked)


def test_the_mixture_decides_which_kinds_of_documents_are_drawn() -> None:
    only_plain = corpus.documents("x", 20, corpus.Mixture(plain=1.0))
    assert all(document.text and not document.messages for document in only_plain)
