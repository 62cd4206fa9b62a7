import json
from html import unescape

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.annotation.models import Annotation, AnnotationQueue
from apps.annotation.services import claim_next, publish_answers, submit_answer
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from apps.tracing.services import annotations_of
from llmkit.ids import uuid7
from tests.factories.accounts import browser, make_member, make_project, make_user
from tests.factories.annotation import SCHEMA, an_answer, make_item, make_queue
from tests.factories.tracing import make_trace
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
TYPED = {"answer-intent": "refund", "answer-urgent": "false", "answer-reply": "You get it back."}


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def queue(project):
    return make_queue(project)


@pytest.fixture
def annotator(project):
    return make_member(project, Role.ANNOTATOR)


@pytest.fixture
def engineer(project):
    return make_member(project)


def url(name, queue, *args):
    return reverse(f"annotation:{name}", args=[queue.project.slug, *(args or [queue.id])])


def text_of(answer):
    return unescape(answer.content.decode())


def disputed_item(project):
    item = make_item(make_queue(project, annotators_per_item=2))
    for intent in ("refund", "other"):
        submit_answer(item=item, annotator=make_user(name=f"says {intent}"), answer=an_answer(intent))
    return item


# --- Working


def test_an_annotator_sees_the_conversation_the_complaint_and_the_answer_of_the_model_to_confirm(queue, annotator):
    item = make_item(queue, question="Where is my sail?", answer=json.dumps(an_answer("refund", reply="No idea.")))
    give_feedback(
        project=queue.project,
        trace_id=item.trace_id,
        judgement=judgement(score=-1, label="down", comment="Not what I asked."),
        source=Feedback.Source.WIDGET,
        end_user="u-7",
    )
    page = text_of(browser(annotator).get(url("work", queue)))
    for text in ("Where is my sail?", "No idea.", "Not what I asked.", "u-7", "0 done, 1 open"):
        assert text in page
    assert 'value="refund" checked' in page
    assert 'value="false" checked' in page
    assert 'value="other" checked' not in page


def test_without_scripts_a_form_leads_to_the_next_item(queue, annotator):
    first, second = make_item(queue), make_item(queue, question="And mine?")
    client = browser(annotator)
    client.get(url("work", queue))
    answer = client.post(url("submit", queue, first.id), TYPED, follow=True)
    assert answer.redirect_chain == [(url("work", queue), 302)]
    assert "And mine?" in text_of(answer)
    assert Annotation.objects.get(item=first).answer == an_answer("refund", reply="You get it back.")
    answer = client.post(url("skip", queue, second.id), follow=True)
    assert "Nothing left for you" in text_of(answer)
    assert Annotation.objects.get(item=second).state == "skipped"


def test_with_htmx_the_next_item_is_swapped_in(queue, annotator):
    first, _ = make_item(queue), make_item(queue, question="And mine?")
    client = browser(annotator)
    client.get(url("work", queue))
    answer = client.post(url("submit", queue, first.id), TYPED, headers=HTMX)
    assert answer.status_code == 200
    assert "And mine?" in text_of(answer)
    assert "<html" not in text_of(answer)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["whole page", "htmx"])
def test_an_answer_that_does_not_fit_comes_back_with_what_was_typed(queue, annotator, headers):
    item = make_item(queue)
    typed = {**TYPED, "answer-intent": "mutiny", "answer-reply": "x" * 501}
    answer = browser(annotator).post(url("submit", queue, item.id), typed, headers=headers)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Choose one of those offered." in page
    assert "x" * 501 in page
    answer = browser(annotator).post(
        url("submit", queue, item.id), {**typed, "answer-intent": "refund"}, headers=headers
    )
    assert (answer.status_code, "Write at most 500 characters." in text_of(answer)) == (422, True)
    assert not Annotation.objects.answered().exists()


def test_an_answer_that_is_missing_fields_names_each(queue, annotator):
    answer = browser(annotator).post(url("submit", queue, make_item(queue).id), {})
    assert answer.status_code == 422
    assert text_of(answer).count("Fill this in.") == 3


def test_who_comes_too_late_is_told_and_goes_on(queue, annotator):
    item, _ = make_item(queue), make_item(queue, question="And mine?")
    submit_answer(item=item, annotator=make_user(), answer=an_answer("other"))
    answer = browser(annotator).post(url("submit", queue, item.id), TYPED, headers=HTMX)
    assert "kept and counts for the agreement" in answer["HX-Trigger"]
    assert "And mine?" in text_of(answer)
    assert Annotation.objects.filter(item=item, state="answered").count() == 2


def test_who_answered_before_is_told_that_the_first_answer_stands(queue, annotator):
    item = make_item(queue)
    submit_answer(item=item, annotator=annotator, answer=an_answer("other"))
    answer = browser(annotator).post(url("submit", queue, item.id), TYPED, follow=True)
    assert "first answer stands" in said(answer)


def test_stopping_gives_the_item_back(queue, annotator):
    item = make_item(queue)
    claim_next(queue=queue, annotator=annotator)
    browser(annotator).post(url("leave", queue, item.id))
    assert claim_next(queue=queue, annotator=make_user()) == item


def test_an_empty_queue_says_so_and_what_to_do(queue, annotator, engineer):
    assert "An engineer fills it" in text_of(browser(annotator).get(url("work", queue)))
    page = text_of(browser(engineer).get(url("work", queue)))
    assert "This queue is empty" in page
    assert f'href="{url("queue", queue)}">Fill the queue' in page


def test_nothing_in_a_conversation_is_html(queue, annotator):
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    item = make_item(queue, question=hostile, answer=json.dumps(an_answer(reply=hostile)), note=hostile)
    give_feedback(
        project=queue.project,
        trace_id=item.trace_id,
        judgement=judgement(score=-1, comment=hostile),
        source=Feedback.Source.API,
        end_user=hostile,
    )
    for address in (url("work", queue), url("queue", queue), url("item", queue, item.id)):
        page = browser(annotator).get(address).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


# --- Queues


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


# --- Items


def test_a_disputed_item_is_decided_by_an_engineer(project, engineer):
    item = disputed_item(project)
    client = browser(engineer)
    page = text_of(client.get(url("item", item.queue, item.id)))
    for text in ("The annotators disagree", "says refund", "says other", "Accept this answer"):
        assert text in page
    wrong = client.post(url("decide", item.queue, item.id), {**TYPED, "answer-intent": ""})
    assert (wrong.status_code, "Fill this in." in text_of(wrong)) == (422, True)
    answer = client.post(url("decide", item.queue, item.id), TYPED, follow=True)
    item.refresh_from_db()
    assert (item.state, item.resolution["intent"], item.resolved_by) == ("accepted", "refund", engineer)
    assert "accepted answer" in said(answer)


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
