from collections import Counter

from apps.console.demo.customers import Opinions, thumb, visits
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


def test_varied_customers_say_each_thing_once_and_then_go_on_in_other_words():
    half = {text: intent for intent in harbor_desk.INTENTS for text in harbor_desk.utterances(intent, "train")}
    asked = list(visits(len(half) + 200, seed=1, split="train", varied=True))
    first, later = asked[: len(half)], asked[len(half) :]
    assert {visit.message: visit.intent for visit in first} == half
    assert not {visit.message for visit in later} & set(half)
    assert len({visit.message for visit in later}) > 190
    assert {visit.intent for visit in later} == set(harbor_desk.INTENTS)


def test_people_with_strong_opinions_press_more_often():
    asked = list(visits(300, seed=1))
    quiet, loud = Opinions(praises=0.1, complains=0.1), Opinions(praises=0.9, complains=0.9)
    pressed = [sum(thumb(visit, visit.intent, 1, mood) is not None for visit in asked) for mood in (quiet, loud)]
    assert pressed[0] < 60
    assert pressed[1] > 240


def test_one_who_never_errs_presses_the_right_thumb():
    asked = list(visits(300, seed=1))
    sure = Opinions(praises=1.0, complains=1.0, mistakes=0.0)
    assert {thumb(visit, visit.intent, 1, sure).label for visit in asked} == {"up"}
    assert {thumb(visit, "nonsense", 1, sure).label for visit in asked} == {"down"}
