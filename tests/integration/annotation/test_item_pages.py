"""The page of an item, and what the page of a trace says of its items."""

import json

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.annotation.services import publish_answers, submit_answer
from apps.tracing.services import annotations_of
from llmkit.ids import uuid7
from tests.factories.accounts import browser, make_member, make_project, make_user
from tests.factories.annotation import an_answer, make_item, make_queue
from tests.factories.tracing import make_trace
from tests.helpers.pages import said
from tests.integration.annotation.pages import TYPED, text_of, url

pytestmark = pytest.mark.django_db


def disputed_item(project):
    item = make_item(make_queue(project, annotators_per_item=2))
    for intent in ("refund", "other"):
        submit_answer(item=item, annotator=make_user(name=f"says {intent}"), answer=an_answer(intent))
    return item


def test_a_disputed_item_is_decided_by_an_engineer(project, engineer):
    item = disputed_item(project)
    client = browser(engineer)
    page = text_of(client.get(url("item", item.queue, item.id)))
    for text in ("The annotators disagree", "says refund", "says other", "Accept this answer"):
        assert text in page
    assert '<td class="wrap">no</td>' in page  # as in the form, not as in JSON
    wrong = client.post(url("decide", item.queue, item.id), {**TYPED, "answer-intent": ""})
    assert (wrong.status_code, "Fill this in." in text_of(wrong)) == (422, True)
    answer = client.post(url("decide", item.queue, item.id), TYPED, follow=True)
    item.refresh_from_db()
    assert (item.state, item.resolution["intent"], item.resolved_by) == ("accepted", "refund", engineer)
    assert "accepted answer" in said(answer)
    assert '<dt>Intent</dt><dd class="wrap">refund</dd><dt>Urgent</dt><dd class="wrap">no</dd>' in text_of(answer)


def test_an_item_can_be_dropped(queue, engineer):
    item = make_item(queue)
    browser(engineer).post(url("drop", queue, item.id))
    item.refresh_from_db()
    assert item.state == "dropped"


def test_what_is_published_can_neither_be_decided_nor_dropped(queue, engineer):
    item = make_item(queue)
    submit_answer(item=item, annotator=make_user(), answer=an_answer("other"))
    publish_answers(actor=Actor(), queue=queue)
    client = browser(engineer)
    assert "never changes" in text_of(client.get(url("item", queue, item.id)))
    decided = client.post(url("decide", queue, item.id), TYPED)
    assert (decided.status_code, "never changes" in text_of(decided)) == (422, True)
    assert "never changes" in said(client.post(url("drop", queue, item.id), follow=True))


def test_who_has_yet_to_answer_does_not_see_what_others_said(project, annotator, engineer):
    queue = make_queue(project, annotators_per_item=2)
    item = make_item(queue)
    submit_answer(item=item, annotator=make_user(name="Ann"), answer=an_answer(reply="My secret opinion"))
    assert "My secret opinion" not in text_of(browser(annotator).get(url("item", queue, item.id)))
    assert "My secret opinion" in text_of(browser(engineer).get(url("item", queue, item.id)))
    submit_answer(item=item, annotator=annotator, answer=an_answer("other"))
    assert "My secret opinion" in text_of(browser(annotator).get(url("item", queue, item.id)))


# --- On traces


def test_the_page_of_a_trace_shows_what_annotators_said(queue, engineer):
    trace_id = make_trace(queue.project).trace_id
    address = reverse("tracing:trace", args=[queue.project.slug, trace_id.hex])
    client = browser(engineer)
    assert "Add to the queue" in text_of(client.get(address))
    added = client.post(
        reverse("annotation:add", args=[queue.project.slug, trace_id]), {"queue": queue.id}, follow=True
    )
    assert "is in the queue" in said(added)
    assert "0 of 1 answers so far" in text_of(added)
    submit_answer(item=queue.items.get(), annotator=make_user(name="Ann"), answer=an_answer(reply="Aye aye"))
    page = text_of(client.get(address))
    assert "Aye aye" in page
    assert "Answered by <bdi>Ann</bdi>" in page
    assert "Add to the queue" not in page


def test_a_viewer_may_not_add_a_trace_and_is_not_offered_it(queue):
    trace_id = make_trace(queue.project).trace_id
    client = browser(make_member(queue.project, Role.VIEWER))
    page = text_of(client.get(reverse("tracing:trace", args=[queue.project.slug, trace_id.hex])))
    assert "No annotator has looked at this answer." in page
    assert "Add to the queue" not in page


@pytest.mark.parametrize("why", ["foreign queue", "no such trace"])
def test_a_trace_that_cannot_be_added_says_why(project, engineer, why):
    queue = make_queue(make_project()) if why == "foreign queue" else make_queue(project)
    address = reverse(
        "annotation:add", args=[project.slug, make_trace(project).trace_id if why == "foreign queue" else uuid7()]
    )
    answer = browser(engineer).post(address, {"queue": queue.id})
    assert answer.status_code == 302
    assert not queue.items.exists()


def test_the_json_of_a_trace_holds_what_annotators_said(queue):
    item = make_item(queue)
    submit_answer(item=item, annotator=make_user(), answer=an_answer("refund"))
    (told,) = json.loads(json.dumps(annotations_of(queue.project, item.trace_id)["annotations"]))
    assert (told["queue"], told["state"], told["accepted"]["intent"]) == (queue.name, "accepted", "refund")
    assert told["answers"][0]["answer"] == an_answer("refund")
    assert annotations_of(make_project(), item.trace_id)["annotations"] == []
