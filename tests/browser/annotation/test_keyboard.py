"""A queue worked through with every key that the page announces, and no mouse."""

import json

import pytest
from playwright.sync_api import expect

from apps.accounts.domain.roles import Role
from apps.annotation.models import Annotation
from apps.annotation.services import submit_answer
from tests.factories.accounts import make_member, make_user
from tests.factories.annotation import an_answer, make_item, make_queue

pytestmark = pytest.mark.django_db(transaction=True)

TOO_LONG = "x" * 501


@pytest.fixture
def queue(project):
    return make_queue(project)


@pytest.fixture
def open_page(signed_in_page, live_server, project):
    def open_page(role, path=""):
        page = signed_in_page(make_member(project, role))
        page.goto(f"{live_server.url}/p/{project.slug}/annotation/{path}")
        return page

    return open_page


def focused(page, locator):
    """It has the focus, and a ring shows that."""
    expect(locator).to_be_focused()
    assert locator.evaluate("field => field.matches(':focus-visible')")


def test_a_queue_is_worked_through_by_keyboard_alone(open_page, queue, complaints):
    questions = ["Take it back?", "Too small?", "Where is it?"]
    first, skipped, last = (make_item(queue, question=text, answer="") for text in questions)
    page = open_page(Role.ANNOTATOR)
    press, typed = page.keyboard.press, page.keyboard.type
    intent, reply = page.get_by_role("radio", name="order_status"), page.get_by_role("textbox", name="Reply")

    # From the list to the queue, and from there to work.
    press("j")
    focused(page, page.get_by_role("link", name=queue.name, exact=True))
    press("Enter")
    expect(page.get_by_role("heading", name="Agreement")).to_be_visible()
    press("e")
    expect(page.get_by_text(questions[0])).to_be_visible()
    focused(page, intent)

    # The keys of both choices, then the text: too long at first.
    press("2")
    focused(page, page.get_by_role("radio", name="refund"))
    press("y")
    focused(page, page.get_by_role("radio", name="yes"))
    press("Tab")
    focused(page, reply)
    page.keyboard.insert_text(TOO_LONG)
    press("Control+Enter")
    expect(reply).to_have_accessible_description("Write at most 500 characters.")
    expect(reply).to_have_attribute("aria-invalid", "true")
    expect(reply).to_have_value(TOO_LONG)
    focused(page, reply)
    expect(page.get_by_role("radio", name="refund")).to_be_checked()
    expect(page.get_by_role("radio", name="yes")).to_be_checked()
    press("Control+a")
    typed("Yes, send it")
    press("Control+Enter")

    # Skipped: from within a text it takes Esc first, so that an s can be written.
    expect(page.get_by_text(questions[1])).to_be_visible()
    focused(page, intent)
    press("3")
    press("n")
    press("Tab")
    typed("s")
    expect(reply).to_have_value("s")
    press("Escape")
    press("s")

    # Arrows walk the choices as everywhere, and the button is reached with Tab.
    expect(page.get_by_text(questions[2])).to_be_visible()
    focused(page, intent)
    press("Space")
    press("ArrowDown")
    expect(page.get_by_role("radio", name="refund")).to_be_checked()
    press("1")
    press("n")
    press("Tab")
    typed("On its way.")
    press("Tab")
    focused(page, page.get_by_role("button", name="Submit and next"))
    press("Enter")

    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
    focused(page, page.get_by_role("link", name="Look again"))
    assert Annotation.objects.get(item=first).answer == an_answer("refund", urgent=True, reply="Yes, send it")
    assert Annotation.objects.get(item=skipped).state == "skipped"
    assert Annotation.objects.get(item=last).answer == an_answer("order_status", reply="On its way.")
    complaints.clear()  # Chromium logs the status 422


def test_who_stops_gives_the_item_back_by_keyboard(open_page, queue):
    make_item(queue)
    page = open_page(Role.ANNOTATOR, f"{queue.id}/work/")
    stop = page.get_by_role("button", name="Stop, and leave this item to others")
    page.get_by_role("button", name="Skip").focus()
    page.keyboard.press("Tab")
    focused(page, stop)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=queue.name)).to_be_visible()
    assert not Annotation.objects.exists()


def test_a_disputed_item_is_decided_by_keyboard(open_page, project):
    item = make_item(make_queue(project, annotators_per_item=2))
    for intent in ("refund", "other"):
        submit_answer(item=item, annotator=make_user(), answer=an_answer(intent))
    page = open_page(Role.ENGINEER, f"items/{item.id}/")
    focused(page, page.get_by_role("radio", name="refund"))
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Decided: this is the accepted answer.")).to_be_visible()
    item.refresh_from_db()
    assert (item.state, item.resolution) == ("accepted", an_answer("wrong_size"))


def test_on_a_narrow_screen_the_conversation_comes_first(open_page, queue):
    questions = [f"A long question, number {number}. " + "And more. " * 150 for number in (1, 2)]
    for question in questions:
        make_item(queue, question=question, answer=json.dumps(an_answer()))
    page = open_page(Role.ANNOTATOR)
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(f"{page.url}{queue.id}/work/")
    refund = page.get_by_role("radio", name="order_status")
    for number in (1, 2):
        expect(page.get_by_text(f"number {number}.").first).to_be_in_viewport()
        expect(refund).to_be_focused()
        expect(refund).not_to_be_in_viewport()
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
