import json

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationItem
from apps.annotation.services import decide_item, drop_item, publish_answers, submit_answer
from llmkit.ids import uuid7
from tests.factories.accounts import make_member, make_user
from tests.factories.annotation import an_answer, make_item, make_queue
from tests.helpers.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    return make_queue()


@pytest.fixture
def engineer(queue):
    return Actor(user=make_member(queue.project))


def answered_item(queue, intent="refund", **fields):
    item = make_item(queue, **fields)
    submit_answer(item=item, annotator=make_user(), answer=an_answer(intent))
    item.refresh_from_db()
    return item


def disputed_item(queue):
    item = make_item(queue)
    for intent in ("refund", "other"):
        submit_answer(item=item, annotator=make_user(), answer=an_answer(intent))
    item.refresh_from_db()
    assert item.state == "disputed"
    return item


def examples(version):
    return [member.example for member in version.members.order_by("position").select_related("example")]


def test_an_accepted_answer_becomes_an_example_that_knows_where_it_came_from(queue, engineer):
    item = answered_item(queue, question="Money back?", feedback_id=uuid7())
    version = publish_answers(actor=engineer, queue=queue, message="First lot")
    (example,) = examples(version)
    assert (version.dataset, version.message, version.author) == (queue.dataset, "First lot", engineer.user)
    assert example.messages == [
        {"role": "user", "content": "Money back?"},
        {"role": "assistant", "content": '{"intent":"refund","urgent":false,"reply":"It is on its way."}'},
    ]
    assert example.trace_id == item.trace_id
    assert example.source == {
        "kind": "annotation",
        "item_id": str(item.id),
        "feedback_id": str(item.feedback_id),
        "annotators": [str(item.annotations.get().annotator_id)],
    }
    assert set(example.tags) == {"feedback", "intent=refund", "urgent=false"}


def test_each_answer_is_published_once_on_top_of_what_was_there(queue, engineer):
    answered_item(queue, question="first?")
    first = publish_answers(actor=engineer, queue=queue)
    answered_item(queue, question="second?")
    second = publish_answers(actor=engineer, queue=queue)
    assert (second.parent, second.number) == (first, 2)
    assert {example.messages[0]["content"] for example in examples(second)} == {"first?", "second?"}
    with pytest.raises(ValidationError, match="no new accepted answers"):
        publish_answers(actor=engineer, queue=queue)


def test_what_is_not_accepted_is_not_published(queue, engineer):
    make_item(queue)
    dropped = answered_item(queue)
    drop_item(actor=engineer, item=dropped)
    with pytest.raises(ValidationError, match="no new accepted answers"):
        publish_answers(actor=engineer, queue=queue)


def test_publishing_says_how_much_it_published(queue, engineer):
    answered_item(queue), answered_item(queue, question="Another?")
    assert publish_answers(actor=engineer, queue=queue).message == f"2 answers from {queue}"
    event = AuditEvent.objects.get(action="annotation.answers_published")
    assert (event.actor, event.detail["answers"]) == (engineer.user, 2)


def test_an_engineer_decides_what_annotators_dispute():
    queue = make_queue(annotators_per_item=2)
    engineer = Actor(user=make_member(queue.project))
    item = disputed_item(queue)
    decide_item(actor=engineer, item=item, answer=an_answer("wrong_size"))
    item.refresh_from_db()
    assert (item.state, item.resolution["intent"], item.resolved_by) == ("accepted", "wrong_size", engineer.user)
    (example,) = examples(publish_answers(actor=engineer, queue=queue))
    assert json.loads(example.messages[-1]["content"])["intent"] == "wrong_size"
    assert AuditEvent.objects.filter(action="annotation.item_decided", actor=engineer.user).exists()


def test_a_wrong_answer_is_corrected_until_it_is_published(queue, engineer):
    item = answered_item(queue, "refund")
    decide_item(actor=engineer, item=item, answer=an_answer("other"))
    publish_answers(actor=engineer, queue=queue)
    for change in (
        lambda: decide_item(actor=engineer, item=item, answer=an_answer()),
        lambda: drop_item(actor=engineer, item=item),
    ):
        with pytest.raises(ValidationError, match="never changes"):
            change()
    item.refresh_from_db()
    assert item.resolution["intent"] == "other"


def test_a_decision_has_to_fit_the_schema(queue, engineer):
    item = make_item(queue)
    with pytest.raises(ValidationError) as refused:
        decide_item(actor=engineer, item=item, answer={"intent": "mutiny", "urgent": True, "reply": "Arr"})
    assert set(refused.value.message_dict) == {"intent"}


def test_a_conversation_that_makes_no_example_is_named_and_nothing_is_half_done(queue, engineer):
    answered_item(queue)
    odd = answered_item(queue, conversation=[{"role": "narrator", "content": "Meanwhile"}])
    with pytest.raises(ValidationError, match=r"Row 2: messages\[0\]\.role is one of"):
        publish_answers(actor=engineer, queue=queue)
    assert not queue.dataset.versions.exists()
    assert not AnnotationItem.objects.exclude(version=None).exists()
    drop_item(actor=engineer, item=odd)
    assert publish_answers(actor=engineer, queue=queue).rows == 1


def test_two_items_with_one_question_become_one_row_with_the_later_answer(queue, engineer):
    answered_item(queue, "refund", question="Money back?")
    answered_item(queue, "other", question="Money back?")
    (example,) = examples(publish_answers(actor=engineer, queue=queue))
    assert json.loads(example.answer)["intent"] == "other"
    assert not queue.items.filter(version=None).exists()


@pytest.mark.django_db(transaction=True)
def test_two_queues_that_publish_at_once_into_one_dataset_lose_nothing():
    first = make_queue()
    second = make_queue(first.project, dataset=first.dataset)
    for number, queue in enumerate((first, second)):
        answered_item(queue, question=f"From queue {number}?")
    made = at_once(*(lambda queue=queue: publish_answers(actor=Actor(), queue=queue) for queue in (first, second)))
    assert sorted((version.number, version.rows) for version in made) == [(1, 1), (2, 2)]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_publish_a_queue_at_once_publish_each_answer_once(queue):
    answered_item(queue)

    def publish():
        try:
            return publish_answers(actor=Actor(), queue=queue).number
        except ValidationError as refused:
            return refused.messages[0].partition(".")[0]

    assert set(map(str, at_once(publish, publish))) == {"1", "There are no new accepted answers to publish"}
