"""Annotating by keyboard alone, as people do it for an hour."""

import json

import pytest
from playwright.sync_api import expect

from apps.accounts.domain.roles import Role
from apps.annotation.models import Annotation
from apps.annotation.services import claim_next
from tests.factories.accounts import make_member, make_user
from tests.factories.annotation import an_answer, make_item, make_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(project):
    return make_queue(project)


@pytest.fixture
def open_work(signed_in_page, live_server, project, queue):
    page = signed_in_page(make_member(project, Role.ANNOTATOR))

    def open_work():
        page.goto(f"{live_server.url}/p/{project.slug}/annotation/{queue.id}/work/")
        return page

    return open_work


def given(item):
    return Annotation.objects.get(item=item).answer


def test_three_items_are_annotated_by_keyboard_alone(open_work, queue):
    right = make_item(
        queue, question="Is this right?", answer=json.dumps(an_answer("refund", reply="You get it back."))
    )
    wrong = make_item(queue, question="Is this wrong?", answer=json.dumps(an_answer("refund", reply="Nope.")))
    empty = make_item(queue, question="Is this nothing?", answer="Sorry, I am only a model.")
    page = open_work()
    keyboard = page.keyboard

    # Right: one press confirms it.
    expect(page.get_by_role("radio", name="refund")).to_be_focused()
    keyboard.press("Control+Enter")

    # Wrong: a key chooses another intent, the reply is written anew.
    expect(page.get_by_text("Is this wrong?")).to_be_visible()
    expect(page.get_by_role("radio", name="refund")).to_be_focused()
    keyboard.press("3")
    expect(page.get_by_role("radio", name="wrong_size")).to_be_checked()
    keyboard.press("y")
    keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    keyboard.press("Control+a")
    keyboard.type("Send it s")  # an s while typing is a letter
    keyboard.press("Meta+Enter")

    # Nothing to begin with: the first field has the focus all the same.
    expect(page.get_by_text("Is this nothing?")).to_be_visible()
    expect(page.get_by_role("radio", name="order_status")).to_be_focused()
    keyboard.press("4")
    keyboard.press("n")
    keyboard.press("Tab")
    keyboard.type("Ask us.")
    keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
    assert given(right) == an_answer("refund", reply="You get it back.")
    assert given(wrong) == an_answer("wrong_size", urgent=True, reply="Send it s")
    assert given(empty) == an_answer("other", reply="Ask us.")


def test_s_skips_from_a_choice_and_after_escape_from_a_text(open_work, queue):
    first, second = make_item(queue, question="first?"), make_item(queue, question="second?")
    page = open_work()
    expect(page.get_by_text("first?")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_text("second?")).to_be_visible()
    page.get_by_role("textbox", name="Reply").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
    assert {Annotation.objects.get(item=item).state for item in (first, second)} == {"skipped"}


def test_what_does_not_fit_comes_back_with_the_focus_where_it_is_wrong(open_work, queue, complaints):
    make_item(queue, answer="")
    page = open_work()
    page.locator("form[data-annotation]").evaluate("form => { form.noValidate = true }")
    page.keyboard.press("1")
    page.keyboard.press("y")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Fill this in.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    expect(page.get_by_role("radio", name="order_status")).to_be_checked()
    complaints.clear()  # Chromium logs the status 422


def test_no_script_in_a_conversation_ever_runs(open_work, queue):
    hostile = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    make_item(queue, question=hostile, answer=json.dumps(an_answer(reply=f"</textarea>{hostile}")))
    page = open_work()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value(f"</textarea>{hostile}")
    assert "pwned" not in page.title()
    assert page.locator("main script, main img").count() == 0


def test_it_works_without_scripts(browser, live_server, signed_in_page, project, queue):
    item = make_item(queue, answer="")
    signed_in = signed_in_page(make_member(project, Role.ANNOTATOR))
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(signed_in.context.cookies())
    page = context.new_page()
    page.goto(f"{live_server.url}/p/{project.slug}/annotation/{queue.id}/work/")
    page.get_by_label("other").check()
    page.get_by_label("yes").check()
    page.get_by_label("Reply").fill("Ask us.")
    page.get_by_role("button", name="Submit and next").click()
    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
    context.close()
    assert given(item) == an_answer("other", urgent=True, reply="Ask us.")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(open_work, queue, width):
    long = "unbroken" * 24
    make_item(queue, question=long, answer=json.dumps(an_answer(reply=long)))
    page = open_work()
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_people_work_side_by_side(open_work, queue):
    make_item(queue, question="for the first"), make_item(queue, question="for the second")
    claim_next(queue=queue, annotator=make_user())
    page = open_work()
    expect(page.get_by_text("for the second")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
