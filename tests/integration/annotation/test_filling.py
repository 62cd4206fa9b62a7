from datetime import timedelta
from uuid import UUID

import pytest

from apps.annotation.models import AnnotationItem
from apps.annotation.services import enqueue_trace, fill_from_confidence, fill_from_feedback
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from llmkit import clock
from llmkit import telemetry as t
from llmkit.ids import uuid7
from tests.factories.accounts import make_project
from tests.factories.annotation import make_queue
from tests.factories.tracing import body, make_record, make_trace, store

pytestmark = pytest.mark.django_db

MANUAL, FEEDBACK = AnnotationItem.Reason.MANUAL, AnnotationItem.Reason.FEEDBACK


@pytest.fixture
def queue():
    return make_queue()


def judge(project, trace_id, score, comment="", user=""):
    said = judgement(score=score, comment=comment)
    return give_feedback(project=project, trace_id=trace_id, judgement=said, source=Feedback.Source.API, end_user=user)


def unsure_trace(project, confidence, **fields):
    """A trace whose decoding step says how sure the model was."""
    entry = make_trace(project, **fields)
    decoding = make_record(
        project,
        trace_id=entry.trace_id.hex,
        name="engine.decode",
        is_entry=False,
        attributes={t.CONFIDENCE: confidence},
    )
    store(decoding)
    return entry


def test_an_item_holds_what_the_caller_sent_and_what_the_model_said(queue):
    entry = make_trace(queue.project, question="Is my sail ready?", answer='{"intent":"other"}')
    item = enqueue_trace(queue=queue, trace_id=entry.trace_id, reason=MANUAL, note="Look at this.")
    assert item.conversation == [{"role": "user", "content": "Is my sail ready?"}]
    assert (item.answer, item.note, item.reason, item.state) == (
        '{"intent":"other"}',
        "Look at this.",
        "manual",
        "open",
    )


def test_a_whole_conversation_stays_in_order_with_the_system_message_that_the_caller_sent(queue):
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Ahoy!"},
        {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]},
    ]
    record = make_record(queue.project, request=body({"model": "support", "messages": messages}))
    store(record)
    item = enqueue_trace(queue=queue, trace_id=uuid_of(record), reason=MANUAL)
    assert [(said["role"], said["content"]) for said in item.conversation] == [
        ("system", "Be kind."),
        ("user", "Hello"),
        ("assistant", "Ahoy!"),
        ("user", "Where is it?"),
    ]
    assert item.answer == ""


def test_a_trace_is_in_a_queue_once(queue):
    entry = make_trace(queue.project)
    first = enqueue_trace(queue=queue, trace_id=entry.trace_id, reason=MANUAL)
    assert enqueue_trace(queue=queue, trace_id=entry.trace_id, reason=FEEDBACK) == first
    assert queue.items.count() == 1


def test_a_complaint_about_a_waiting_trace_moves_it_forward(queue):
    entry = unsure_trace(queue.project, 0.2)
    fill_from_confidence(queue=queue, since=yesterday(), below=0.5)
    item = queue.items.get()
    complaint = judge(queue.project, entry.trace_id, -1, "Wrong order.")
    enqueue_trace(queue=queue, trace_id=entry.trace_id, reason=FEEDBACK, feedback=complaint, note=complaint.comment)
    moved = queue.items.get()
    assert (moved.feedback_id, moved.note.splitlines()[-1]) == (complaint.id, "Wrong order.")
    assert moved.priority > item.priority


@pytest.mark.parametrize("kind", ["unknown", "without payload", "cut", "of another project"])
def test_a_trace_with_nothing_to_show_is_left_out(queue, kind):
    trace_id = {
        "unknown": lambda: uuid7(),
        "without payload": lambda: stored(make_record(queue.project)),
        "cut": lambda: stored(
            make_record(
                queue.project,
                attributes={t.PAYLOAD_TRUNCATED: True},
                request=body({"messages": [{"role": "user", "content": "[9 bytes, too large to keep]"}]}),
            )
        ),
        "of another project": lambda: make_trace(make_project()).trace_id,
    }[kind]()
    assert enqueue_trace(queue=queue, trace_id=trace_id, reason=MANUAL) is None
    assert not queue.items.exists()


def test_bad_feedback_fills_the_queue_once_and_good_feedback_never(queue):
    bad, good, old = (make_trace(queue.project) for _ in range(3))
    judge(queue.project, bad.trace_id, -1, "No!", "ann")
    judge(queue.project, bad.trace_id, -1, "", "bob")
    judge(queue.project, good.trace_id, 1)
    judge(queue.project, old.trace_id, -1)
    Feedback.objects.filter(trace_id=old.trace_id).update(updated_at=clock.now() - timedelta(days=3))
    elsewhere = make_project()
    judge(elsewhere, make_trace(elsewhere).trace_id, -1)

    assert fill_from_feedback(queue=queue, since=yesterday()) == 1
    assert queue.items.get().trace_id == bad.trace_id
    assert queue.items.get().feedback_id in set(Feedback.objects.values_list("id", flat=True))
    assert fill_from_feedback(queue=queue, since=yesterday()) == 0


def test_low_confidence_fills_the_queue_the_least_sure_first(queue):
    for confidence in (0.9, 0.4, 0.1, 0.3):
        unsure_trace(queue.project, confidence, question=f"sure by {confidence}")
    unsure_trace(make_project(), 0.1)
    assert fill_from_confidence(queue=queue, since=yesterday(), below=0.5, limit=2) == 2
    assert [item.conversation[0]["content"] for item in queue.items.order_by("id")] == ["sure by 0.1", "sure by 0.3"]
    assert queue.items.order_by("id")[0].note == "The model's confidence was 0.10."
    assert fill_from_confidence(queue=queue, since=yesterday(), below=0.5) == 1
    assert fill_from_confidence(queue=queue, since=yesterday(), below=0.5) == 0


@pytest.mark.parametrize("confidence", ["low", True, None, [0.1], {"a": 1}, "0.1"])
def test_a_confidence_that_is_no_number_is_passed_over(queue, confidence):
    unsure_trace(queue.project, confidence)
    assert fill_from_confidence(queue=queue, since=yesterday(), below=0.5) == 0


def test_what_is_older_than_asked_for_stays_out(queue):
    unsure_trace(queue.project, 0.1)
    assert fill_from_confidence(queue=queue, since=clock.now() + timedelta(minutes=1), below=0.5) == 0


def yesterday():
    return clock.now() - timedelta(days=1)


def uuid_of(record):
    return UUID(record.trace_id)


def stored(record):
    store(record)
    return uuid_of(record)
