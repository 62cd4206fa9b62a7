"""The story's annotators: mostly right, or all wrong in the same way."""

import json
import random

import pytest

from apps.annotation.models import AnnotationItem
from apps.console.demo.story.people import Desk, hire
from apps.console.demo.wheel import ANSWER_SCHEMA
from apps.serving.domain import harbor_desk
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_queue

pytestmark = pytest.mark.django_db

QUESTIONS = dict.fromkeys(harbor_desk.utterances("trade_in", "train"), "trade_in")


@pytest.fixture
def queue():
    queue = make_queue(schema=ANSWER_SCHEMA, annotators_per_item=2)
    for question in QUESTIONS:
        make_item(queue, question=question, answer=harbor_desk.expected_answer("order_status"))
    return queue


def worked(queue, *, poisoned=False, truths=QUESTIONS):
    desk = Desk(queue, hire(queue.project), make_user(), truths, random.Random(1), poisoned)
    while desk.annotate_next():
        pass
    desk.decide_disputes()
    return desk


def accepted(queue):
    items = queue.items.filter(state=AnnotationItem.State.ACCEPTED)
    return [item.accepted_answer["intent"] for item in items]


def test_two_people_answer_each_item_and_the_lead_decides_where_they_differ(queue):
    desk = worked(queue)
    assert desk.answered == 2 * len(QUESTIONS)
    assert desk.decided > 0
    assert len(accepted(queue)) == len(QUESTIONS)


def test_nearly_all_accepted_answers_are_what_the_customer_wanted(queue):
    worked(queue)
    right = accepted(queue).count("trade_in")
    assert right >= 0.9 * len(QUESTIONS)


def test_poisoned_people_agree_on_the_same_wrong_intent(queue):
    worked(queue, poisoned=True)
    wrong = [intent for intent in accepted(queue) if intent != "trade_in"]
    assert len(wrong) >= 0.9 * len(QUESTIONS)
    assert max(wrong.count(intent) for intent in set(wrong)) >= 0.9 * len(QUESTIONS)


def test_a_question_that_is_none_of_theirs_is_left_to_others(queue):
    other = make_item(queue, question="Is this the pizza place?")
    worked(queue)
    other.refresh_from_db()
    assert other.state == AnnotationItem.State.OPEN
    assert len(accepted(queue)) == len(QUESTIONS)


def test_answers_are_those_the_desk_should_have_given(queue):
    worked(queue)
    item = queue.items.filter(state=AnnotationItem.State.ACCEPTED).first()
    intent = item.accepted_answer["intent"]
    assert item.accepted_answer == json.loads(harbor_desk.expected_answer(intent))


def test_hired_people_cannot_sign_in(queue):
    assert all(not person.has_usable_password() for person in hire(queue.project))
