"""How the frame tells what the server answered: toasts, live parts, error pages."""

import json

from playwright.sync_api import Route, expect

from tests.browser.conftest import until
from tests.browser.design.conftest import Desk

LIVE_PART = """() => {
  const part = document.createElement('div');
  part.id = 'part';
  part.setAttribute('data-live', '1');
  part.setAttribute('hx-get', '/part');
  part.setAttribute('hx-trigger', 'live');
  document.querySelector('main').append(part);
  htmx.process(part);
}"""


def test_a_toast_in_an_answer_is_shown_as_text_and_closes(desk: Desk) -> None:
    header = json.dumps({"toast": {"tone": "warn", "text": "Kept for <b>later</b>."}})
    desk.page.route("**/part", lambda route: route.fulfill(body="new", headers={"HX-Trigger": header}))
    page = desk.open("/design/")
    page.evaluate("htmx.ajax('GET', '/part', {target: '#toast-sample', swap: 'none'})")
    toast = page.locator("#toasts .toast-warn")
    expect(toast).to_contain_text("Kept for <b>later</b>.")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_an_answer_that_fails_is_told_in_words(desk: Desk, complaints: list[str]) -> None:
    desk.page.route("**/part", lambda route: route.fulfill(status=403, body="no"))
    page = desk.open("/design/")
    page.evaluate("htmx.ajax('GET', '/part', {target: '#toast-sample', swap: 'none'})")
    expect(page.locator("#toasts")).to_contain_text("Your role in this project does not allow that.")
    assert [line for line in complaints if "403" not in line] == []
    complaints.clear()


def test_a_live_part_refetches_itself_until_paused(desk: Desk) -> None:
    fetched: list[str] = []

    def answer(route: Route) -> None:
        fetched.append(route.request.url)
        route.fulfill(body=f"answer {len(fetched)}")

    desk.page.route("**/part", answer)
    page = desk.open("/design/")
    page.evaluate(LIVE_PART)
    expect(page.locator("#part")).to_have_text("answer 2")
    toggle = page.locator("[data-live-toggle]")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    before = len(fetched)
    until(page, "start => performance.now() - start > 1600", page.evaluate("performance.now()"))
    assert len(fetched) == before
    toggle.click()
    expect(page.locator("#part")).to_have_text(f"answer {before + 1}")


def test_a_page_that_is_not_there_says_what_to_do(desk: Desk, complaints: list[str]) -> None:
    page = desk.open(f"/p/{desk.project.slug}/nowhere/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("There is nothing at this address")
    expect(page.get_by_role("main").get_by_role("link").first).to_be_visible()
    assert all("404" in line for line in complaints)
    complaints.clear()
