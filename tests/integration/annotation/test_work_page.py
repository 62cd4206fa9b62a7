"""The page where annotators work."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.annotation.models import Annotation
from apps.annotation.services import claim_next, submit_answer
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from tests.factories.accounts import browser, make_user
from tests.factories.annotation import an_answer, make_item
from tests.helpers.pages import said
from tests.integration.annotation.pages import HTMX, TYPED, text_of, url

pytestmark = pytest.mark.django_db


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


def test_the_next_item_takes_no_more_queries_in_a_long_queue(queue, annotator):
    client = browser(annotator)

    def queries():
        item = claim_next(queue=queue, annotator=annotator)
        with CaptureQueriesContext(connection) as captured:
            client.post(url("submit", queue, item.id), TYPED, headers=HTMX)
        return len(captured)

    make_item(queue), make_item(queue), make_item(queue)
    queries()  # the first request of a browser also writes its session
    few = queries()
    for number in range(60):
        make_item(queue, question=f"Number {number}?")
    assert queries() <= few
    assert few <= 30


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
