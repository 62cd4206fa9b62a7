"""From a thumb to the queue of the route's wheel."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.accounts.models import Project
from apps.annotation.models import AnnotationItem
from apps.annotation.services import fill_from_confidence
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from apps.pipelines.services import collect_feedback, collect_recent
from apps.pipelines.tasks import catch_up
from apps.pipelines.tasks import collect_feedback as collecting_task
from flywheel.celery import app
from llmkit import clock
from llmkit import telemetry as t
from llmkit.ids import new_trace_id
from tests.factories.accounts import make_project
from tests.factories.annotation import make_queue
from tests.factories.pipelines import make_wheel
from tests.factories.tracing import make_record, make_trace, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def wheel(project):
    return make_wheel(project)


def judge(trace, score=-1, *, comment="", user=""):
    said, project = judgement(score=score, comment=comment), Project.objects.get(id=trace.project_id)
    source = Feedback.Source.WIDGET
    return give_feedback(project=project, trace_id=trace.trace_id, judgement=said, source=source, end_user=user)


def items(wheel):
    return list(wheel.queue.items.order_by("id"))


def test_a_bad_thumb_brings_its_trace_into_the_queue_of_the_routes_wheel(wheel):
    trace = make_trace(wheel.project, question="Is my sail ready?", answer='{"intent":"trade_in"}')
    feedback = judge(trace, comment="That is not what I asked.")
    collecting_task(feedback_id=str(feedback.id))
    (item,) = items(wheel)
    assert (item.trace_id, item.feedback_id, item.reason) == (trace.trace_id, feedback.id, "feedback")
    assert (item.question, item.answer) == ("Is my sail ready?", '{"intent":"trade_in"}')
    assert item.note == "That is not what I asked."


def test_the_news_of_a_thumb_is_acted_upon_by_itself(wheel, monkeypatch, django_capture_on_commit_callbacks):
    # The worker's part is done in this process.
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    with django_capture_on_commit_callbacks(execute=True):
        feedback = judge(make_trace(wheel.project))
    assert [item.feedback_id for item in items(wheel)] == [feedback.id]


@pytest.mark.parametrize("score", [1, 0])
def test_who_is_content_or_undecided_brings_nothing(wheel, score):
    assert collect_feedback(feedback_id=judge(make_trace(wheel.project), score).id) is None
    assert items(wheel) == []


def test_a_thumb_is_collected_once_however_often_its_task_runs(wheel):
    feedback = judge(make_trace(wheel.project))
    first = collect_feedback(feedback_id=feedback.id)
    assert collect_feedback(feedback_id=feedback.id) == first
    assert collect_recent() == 0
    assert len(items(wheel)) == 1


def test_a_trace_of_which_two_people_complain_is_one_item_and_then_no_news(wheel):
    trace = make_trace(wheel.project)
    for user in ("ann", "bob"):
        judge(trace, user=user)
    assert collect_recent() == 1
    assert collect_recent() == 0
    assert len(items(wheel)) == 1


def test_a_wheel_with_another_queue_does_not_ask_again_for_what_was_collected_before(wheel):
    judge(make_trace(wheel.project))
    assert collect_recent() == 1
    wheel.queue = make_queue(wheel.project)
    wheel.save()
    assert collect_recent() == 0
    judge(make_trace(wheel.project))
    assert collect_recent() == 1
    assert len(items(wheel)) == 1


def test_another_route_of_the_project_brings_nothing(wheel):
    trace = make_trace(wheel.project, attributes={t.ROUTE: "billing"})
    assert collect_feedback(feedback_id=judge(trace).id) is None
    assert collect_recent() == 0
    assert items(wheel) == []


def test_the_same_route_of_another_project_brings_nothing(wheel):
    elsewhere = make_project()
    feedback = judge(make_trace(elsewhere))
    assert collect_feedback(feedback_id=feedback.id) is None
    assert collect_recent() == 0
    assert items(wheel) == []


def test_each_project_collects_for_itself(wheel):
    other = make_wheel(make_project())
    ours, theirs = make_trace(wheel.project), make_trace(other.project)
    for trace in (ours, theirs):
        judge(trace)
    assert collect_recent() == 2
    assert [item.trace_id for item in items(wheel)] == [ours.trace_id]
    assert [item.trace_id for item in items(other)] == [theirs.trace_id]


def test_a_thumb_that_comes_before_its_trace_is_collected_by_the_next_look(wheel):
    trace_id = new_trace_id()
    early = give_feedback(
        project=wheel.project, trace_id=UUID(trace_id), judgement=judgement(score=-1), source=Feedback.Source.API
    )
    assert collect_feedback(feedback_id=early.id) is None
    make_trace(wheel.project, trace_id=trace_id)
    catch_up()
    assert [item.feedback_id for item in items(wheel)] == [early.id]


def test_what_was_missed_longer_ago_than_two_days_is_left_alone(wheel):
    feedback = judge(make_trace(wheel.project))
    Feedback.objects.filter(id=feedback.id).update(updated_at=clock.now() - timedelta(days=2, minutes=1))
    assert collect_recent() == 0


def test_a_trace_that_is_judged_weeks_later_is_still_found(wheel):
    trace = make_trace(wheel.project, start=clock.now() - timedelta(days=29))
    judge(trace)
    assert collect_recent() == 1


def test_a_complaint_about_an_answer_that_waits_for_low_confidence_is_noted_on_its_item(wheel):
    trace = make_trace(wheel.project)
    step = {"name": "engine.decode", "is_entry": False, "attributes": {t.CONFIDENCE: 0.2}}
    store(make_record(wheel.project, trace_id=trace.trace_id.hex, **step))
    assert fill_from_confidence(queue=wheel.queue, since=clock.now() - timedelta(hours=1), below=0.5) == 1
    assert collect_recent() == 0
    feedback = judge(trace, comment="Wrong!")
    assert collect_recent() == 1
    (item,) = items(wheel)
    assert (item.reason, item.feedback_id) == (AnnotationItem.Reason.CONFIDENCE, feedback.id)
    assert item.note.endswith("Wrong!")
