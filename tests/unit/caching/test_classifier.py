"""The classifier of personal and short-lived questions: what it is made of, what it learns, what it says about it."""

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.caching.domain.classifier import Classifier, classifier_from_bytes
from apps.caching.domain.examples import LASTING, PERSONAL, TIMELY, synthetic_examples
from apps.caching.domain.features import BUCKETS, EDGE_CHARACTERS, MOST_GRAMS, grams_of, place_of
from apps.caching.domain.training import CORRECTION_WEIGHT, Example, train
from tests.factories.caching import trained

# Said by nobody in the examples.
PERSONAL_TEXTS = ["can you check if my parcel has left yet", "how many days off have I got", "did my salary come in"]
TIMELY_TEXTS = ["will there be snow in Bergen tomorrow", "how is the traffic downtown", "what's the score of the game"]
LASTING_TEXTS = ["what's the capital of Mongolia", "how do I descale a kettle", "explain recursion in simple words"]


def test_grams_are_words_and_pairs_with_numbers_alike():
    assert grams_of("Order 12 and order 7,5!") == [
        "order", "#", "and", "order #", "# and", "and order", "# #",
    ]  # fmt: skip


def test_of_a_long_text_both_ends_count():
    grams = grams_of("begin " + "middle " * 1_000 + "end")
    assert {"begin", "middle", "end"} <= set(grams)
    assert len(grams_of(" ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)))) <= MOST_GRAMS
    assert EDGE_CHARACTERS < MOST_GRAMS * 10


@given(st.text())
@settings(deadline=None)  # the first text waits for the training
def test_every_text_has_a_probability_and_an_explanation_that_adds_up_to_it(text):
    classifier = trained()
    probability = classifier.probability(text)
    assert 0 <= probability <= 1
    parts = classifier.contributions(text)
    if parts:
        log_odds = classifier.bias + sum(part.weight for part in parts)
        assert math.log(probability / (1 - probability)) == pytest.approx(log_odds, abs=1e-3)


def test_nothing_said_is_nothing_volatile():
    assert trained().probability("?!") == 0
    assert trained().contributions("") == []


def test_contributions_come_strongest_first():
    strengths = [abs(part.weight) for part in trained().contributions("Where is my parcel right now?")]
    assert strengths == sorted(strengths, reverse=True)


def test_a_bucket_counts_with_a_sign():
    places = [place_of(f"gram {number}") for number in range(2_000)]
    assert all(0 <= bucket < BUCKETS for bucket, _ in places)
    assert 900 < sum(sign > 0 for _, sign in places) < 1_100


def test_the_examples_are_many_and_of_both_kinds():
    examples = synthetic_examples()
    assert len(examples) == len({example.text for example in examples}) > 500
    assert min(map(len, (PERSONAL, TIMELY, LASTING))) > 40
    assert not any("{" in example.text for example in examples)


def test_it_has_learned_its_examples():
    examples = synthetic_examples()
    right = sum((trained().probability(example.text) > 0.5) == example.volatile for example in examples)
    assert right / len(examples) > 0.97


@pytest.mark.parametrize("text", PERSONAL_TEXTS + TIMELY_TEXTS)
def test_it_knows_volatile_questions_that_it_never_saw(text):
    assert trained().probability(text) > 0.5


@pytest.mark.parametrize("text", LASTING_TEXTS)
def test_it_leaves_lasting_questions_alone(text):
    assert trained().probability(text) < 0.5


@pytest.mark.parametrize("volatile", [True, False])
def test_a_correction_changes_its_mind_about_the_text_and_hardly_about_others(volatile):
    text = "Where do I park?" if volatile else "Is my robot a good cleaner?"
    corrected = train([*synthetic_examples(), Example(text, volatile, CORRECTION_WEIGHT)])
    assert (corrected.probability(text) > 0.5) is volatile
    others = PERSONAL_TEXTS + TIMELY_TEXTS + LASTING_TEXTS
    moved = [abs(corrected.probability(other) - trained().probability(other)) for other in others]
    assert sum(moved) / len(moved) < 0.1


def test_the_same_examples_give_the_same_weights():
    few = synthetic_examples()[::10]
    assert train(few).weights == train(few).weights


def test_training_finds_the_least_loss():
    """With one gram per example the optimum is known: the gradient of each weight is zero there."""
    examples = [Example("yes", True), Example("no", False)]
    classifier = train(examples)
    for text, wanted in (("yes", 1), ("no", 0)):
        bucket, sign = place_of(text)
        slope = (classifier.probability(text) - wanted) * 0.5 * sign + 1e-4 * classifier.weights[bucket]
        assert slope == pytest.approx(0, abs=2e-4)
    assert classifier.bias == pytest.approx(0, abs=1e-3)


def test_examples_of_one_kind_teach_nothing():
    with pytest.raises(ValueError, match="both kinds"):
        train([Example("a", True)])


def test_weights_survive_storage():
    classifier = trained()
    again = classifier_from_bytes(classifier.to_bytes(), classifier.bias)
    assert again == classifier
    assert len(classifier.to_bytes()) == 4 * BUCKETS


def test_weights_of_another_size_are_refused():
    with pytest.raises(ValueError, match="16384 weights, not 3"):
        classifier_from_bytes(Classifier(array("f", [0, 0, 0]), 0).to_bytes(), 0)
