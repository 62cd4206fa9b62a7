"""The pages of queues, and who may do what."""

import json

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.annotation.models import Annotation, AnnotationQueue
from apps.annotation.services import submit_answer
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from tests.factories.accounts import browser, make_member, make_project, make_user
from tests.factories.annotation import SCHEMA, an_answer, make_item, make_queue
from tests.factories.tracing import make_trace
from tests.helpers.pages import said
from tests.integration.annotation.pages import HTMX, TYPED, text_of, url

pytestmark = pytest.mark.django_db


def test_a_queue_is_made_on_a_page(project, engineer):
    schema = {"type": "object", "properties": {"zone": {"enum": ["a", "b"]}, "at": {"type": "string"}}}
    typed = {
        "name": "zones",
        "answer_schema": json.dumps(schema),
        "annotators_per_item": "2",
        "instructions": "Be fair.",
    }
    address = reverse("annotation:new", args=[project.slug])
    answer = browser(engineer).post(address, typed, follow=True)
    made = AnnotationQueue.objects.get()
    assert answer.redirect_chain == [(url("queue", made), 302)]
    assert [field.name for field in made.fields] == ["zone", "at"]
    assert (made.dataset.name, made.annotators_per_item, made.instructions) == ("zones", 2, "Be fair.")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("answer_schema", "{", "This is no JSON."),
        ("answer_schema", '{"properties": {"a": {"type": "array"}}}', "properties.a.type"),
        ("name", "taken", "already has a queue"),
        ("annotators_per_item", "0", "greater than or equal to 1"),
        ("dataset", "01a214bf-c847-720e-91cd-46291ba1dcf2", "Select a valid choice"),
    ],
)
def test_a_queue_that_cannot_be_made_says_why(project, engineer, field, value, words):
    make_queue(project, name="taken")
    typed = {"name": "zones", "answer_schema": json.dumps(SCHEMA), "annotators_per_item": "1", field: value}
    answer = browser(engineer).post(reverse("annotation:new", args=[project.slug]), typed)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert AnnotationQueue.objects.count() == 1


def test_the_list_shows_how_much_there_is_to_do(queue, annotator):
    make_item(queue), make_item(queue)
    page = text_of(browser(annotator).get(reverse("annotation:queues", args=[queue.project.slug])))
    assert queue.name in page
    assert '<td class="num" data-label="Open">2</td>' in page


@pytest.mark.parametrize(("role", "words"), [(Role.ENGINEER, "New queue"), (Role.ANNOTATOR, "An engineer")])
def test_an_empty_list_says_how_the_first_queue_is_made(project, role, words):
    page = text_of(browser(make_member(project, role)).get(reverse("annotation:queues", args=[project.slug])))
    assert "No queue yet" in page
    assert words in page


def test_the_page_of_a_queue_shows_people_agreement_and_items_by_state(project, annotator):
    queue = make_queue(project, annotators_per_item=2)
    ann, bob = make_user(name="Ann"), make_user(name="Bob")
    for theirs in (["refund", "refund"], ["other", "other"], ["refund", "other"]):
        item = make_item(queue, question=f"They say {' and '.join(theirs)}")
        for person, intent in zip((ann, bob), theirs, strict=True):
            submit_answer(item=item, annotator=person, answer=an_answer(intent))
    make_item(queue, question="Nobody has said")
    page = text_of(browser(annotator).get(url("queue", queue)))
    for text in ("Ann", "Bob", "0.44", "Weak", "3 items that two people or more answered", "2 of 2"):
        assert text in page, text
    page = text_of(browser(annotator).get(url("queue", queue), {"state": "disputed"}, headers=HTMX))
    assert "They say refund and other" in page
    assert "They say other and other" not in page
    assert "Nobody has said" not in page


def test_items_are_listed_in_pages(queue, annotator, monkeypatch):
    monkeypatch.setattr("apps.annotation.queries.items.PAGE", 2)
    for number in range(3):
        make_item(queue, question=f"question {number}")
    first = browser(annotator).get(url("queue", queue))
    assert "question 0" not in text_of(first)
    second = browser(annotator).get(url("queue", queue), {"cursor": first.context["page"].older})
    assert "question 0" in text_of(second)
    assert "question 1" not in text_of(second)
    assert browser(annotator).get(url("queue", queue), {"cursor": "x", "state": "y"}).status_code == 200


def test_a_queue_is_filled_from_bad_feedback(queue, engineer):
    trace_id = make_trace(queue.project).trace_id
    give_feedback(project=queue.project, trace_id=trace_id, judgement=judgement(score=-1), source=Feedback.Source.API)
    client = browser(engineer)
    assert "1 new item" in said(client.post(url("fill_with_feedback", queue), {"days": "7"}, follow=True))
    assert "isn't here already" in said(client.post(url("fill_with_feedback", queue), {"days": "7"}, follow=True))
    assert "1 to 90" in said(client.post(url("fill_with_feedback", queue), {"days": "many"}, follow=True))


def test_a_queue_is_filled_from_low_confidence(queue, engineer):
    make_trace(queue.project, attributes={"flywheel.answer.confidence": 0.2})
    client = browser(engineer)
    answer = client.post(url("fill_with_confidence", queue), {"days": "7", "below": "0.5"}, follow=True)
    assert "1 new item" in said(answer)
    answer = client.post(url("fill_with_confidence", queue), {"days": "7", "below": "5"}, follow=True)
    assert "between 0.01 and 1" in said(answer)


def test_answers_are_published_with_a_message(queue, engineer):
    client = browser(engineer)
    assert "no new accepted answers" in said(client.post(url("publish", queue), {"message": "First"}, follow=True))
    submit_answer(item=make_item(queue), annotator=make_user(), answer=an_answer())
    assert "Publish answers" in text_of(client.get(url("queue", queue)))
    answer = client.post(url("publish", queue), {"message": "First"}, follow=True)
    version = queue.dataset.versions.get()
    assert version.message == "First"
    assert str(version) in said(answer)


# --- Who may what


def test_annotators_do_not_change_queues(queue, annotator):
    item = make_item(queue)
    client = browser(annotator)
    for name in ("fill_with_feedback", "fill_with_confidence", "publish"):
        assert client.post(url(name, queue)).status_code == 403
    for name in ("decide", "drop"):
        assert client.post(url(name, queue, item.id), TYPED).status_code == 403
    assert client.get(reverse("annotation:new", args=[queue.project.slug])).status_code == 403


def test_queues_and_items_of_other_projects_are_not_there(project, engineer):
    foreign = make_queue(make_project())
    item = make_item(foreign)
    client = browser(engineer)
    for name in ("queue", "work"):
        assert client.get(reverse(f"annotation:{name}", args=[project.slug, foreign.id])).status_code == 404
    for name in ("fill_with_feedback", "fill_with_confidence", "publish"):
        assert client.post(reverse(f"annotation:{name}", args=[project.slug, foreign.id])).status_code == 404
    for name in ("submit", "skip", "leave", "decide", "drop"):
        assert client.post(reverse(f"annotation:{name}", args=[project.slug, item.id]), TYPED).status_code == 404
    assert client.get(reverse("annotation:item", args=[project.slug, item.id])).status_code == 404
    assert not Annotation.objects.exists()
