from collections import Counter

from apps.console.demo.customers import thumb, visits
from apps.serving.domain import harbor_desk


def test_the_same_seed_sends_the_same_customers():
    assert list(visits(40, seed=3)) == list(visits(40, seed=3))
    assert list(visits(40, seed=3)) != list(visits(40, seed=4))


def test_customers_ask_what_was_held_back_from_training():
    held_back = {text for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "test")}
    asked = list(visits(200, seed=1))
    assert len(asked) == 200
    assert {visit.message for visit in asked} <= held_back
    assert {visit.intent for visit in asked} == set(harbor_desk.INTENTS)


def test_a_session_belongs_to_one_customer_and_has_at_most_four_messages():
    sessions = Counter((visit.session, visit.user) for visit in visits(200, seed=1))
    assert len({session for session, _ in sessions}) == len(sessions)
    assert max(sessions.values()) <= 4


def test_wrong_answers_get_bad_thumbs_and_right_ones_good_thumbs_apart_from_a_few_slips():
    asked = list(visits(600, seed=1))
    right = Counter(thumb(visit, visit.intent, 1) and thumb(visit, visit.intent, 1).label for visit in asked)
    wrong = Counter(thumb(visit, "nonsense", 1) and thumb(visit, "nonsense", 1).label for visit in asked)
    assert right["up"] > 10 * right["down"]
    assert wrong["down"] > 10 * wrong["up"]
    assert wrong[None] < right[None]
