"""Traces in a real browser: live rows, walking the steps, and texts that would like to be scripts."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from llmkit import clock
from tests.factories.tracing import make_record, make_trace, store

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = (
    "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    "<a href=\"javascript:document.title='pwned'\">x</a>{{ 7*7 }}\u202e\u2066 ]]> --> ${alert(1)}"
)


def test_the_first_trace_appears_without_reloading(open_page, project):
    page = open_page("/traces/")
    expect(page.get_by_text("Waiting for the first request")).to_be_visible()

    make_trace(project, question="Is anybody there?")

    expect(page.get_by_text("Is anybody there?")).to_be_visible()
    expect(page.locator("#trace-rows tr")).to_have_count(1)


def test_new_traces_come_to_the_head_of_the_live_list_once(open_page, project):
    make_trace(project, question="the first")
    page = open_page("/traces/")
    for number in range(3):
        make_trace(project, question=f"newcomer {number}")
        expect(page.locator("#trace-rows tr").first).to_contain_text(f"newcomer {number}")
    looked = page.locator("#tracing-poller time").get_attribute("datetime")
    expect(page.locator("#trace-rows tr")).to_have_count(4)
    assert looked


def test_a_paused_list_stays_as_it_is(open_page, project, page):
    make_trace(project, question="the first")
    page.clock.install()
    open_page("/traces/")
    page.locator("[data-live-toggle]").click()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    make_trace(project, question="unseen")

    page.clock.run_for(20_000)

    assert asked == []
    page.locator("[data-live-toggle]").click()
    page.clock.run_for(5_000)
    expect(page.get_by_text("unseen")).to_be_visible()


def test_another_stretch_of_time_is_chosen_by_its_ends(open_page, project):
    old = make_trace(project, question="long ago", start=clock.now() - timedelta(days=5))
    make_trace(project, question="just now")
    page = open_page("/traces/?status=ok")
    page.locator("summary", has_text="Other time").click()
    page.get_by_label("From (UTC)").fill(f"{old.start_time - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("To (UTC)").fill(f"{old.start_time + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#trace-rows")).to_contain_text("long ago")
    expect(page.locator("#trace-rows tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("status=ok"))
    page.get_by_role("navigation", name="Time range").get_by_text("7d").click()
    expect(page.locator("#trace-rows tr")).to_have_count(2)


def test_a_filter_goes_into_the_url_and_back_undoes_it(open_page, project):
    make_trace(project, question="ropes and chains")
    make_trace(project, question="paint", failed=True)
    page = open_page("/traces/")

    page.get_by_role("searchbox", name="Search").fill("rope")
    expect(page.locator("#trace-rows tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=rope"))
    page.get_by_role("searchbox", name="Search").fill("")
    page.get_by_label("Status").select_option("error")
    expect(page).to_have_url(re.compile("status=error"))
    expect(page.locator("#trace-rows")).to_contain_text("paint")
    expect(page.locator("#trace-rows tr")).to_have_count(1)


def test_pages_lead_to_older_traces_and_back(open_page, project):
    begin = clock.now() - timedelta(hours=1)
    store(*(make_record(project, start=begin + timedelta(seconds=n), name=f"step {n}") for n in range(120)))
    page = open_page("/traces/")
    first = page.locator("#trace-rows tr").first.get_attribute("id")
    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(re.compile("cursor="))
    expect(page.locator(f"#{first}")).to_have_count(0)
    expect(page.locator("#tracing-poller")).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(f"#{first}")).to_be_visible()


def test_the_steps_of_a_trace_are_walked_with_j_and_k_and_stand_in_the_url(open_page, project):
    entry = make_trace(project, question="Which rope?")
    page = open_page(f"/traces/{entry.trace_id.hex}/")
    chosen = page.locator(".waterfall-row[aria-current=true]")
    expect(chosen).to_contain_text("chat support")

    page.keyboard.press("j")
    expect(chosen).to_contain_text("chat tiny-demo")
    expect(page).to_have_url(re.compile("span="))
    page.reload()
    expect(chosen).to_contain_text("chat tiny-demo")
    page.keyboard.press("k")
    expect(chosen).to_contain_text("chat support")

    page.get_by_role("link", name="Raw JSON").click()
    expect(page.locator(".json").first).to_contain_text(entry.trace_id.hex)
    expect(page).to_have_url(re.compile("tab=raw"))


def test_no_script_in_a_trace_ever_runs(open_page, project):
    entry = make_trace(
        project,
        question=HOSTILE,
        answer=HOSTILE,
        user=HOSTILE[:199],
        session=HOSTILE[:199],
        name=HOSTILE[:199],
        failed=True,
        status_message=HOSTILE,
        attributes={"flywheel.route.name": HOSTILE[:99], "gen_ai.response.model": HOSTILE[:199], HOSTILE: HOSTILE},
    )
    trace = f"/traces/{entry.trace_id.hex}/"
    paths = ["/traces/", trace, f"{trace}?tab=attributes", f"{trace}?tab=raw", "/sessions/", "/users/"]
    for path in paths:
        page = open_page(path)
        expect(page.locator("main")).to_contain_text("pwned")
        assert "pwned" not in page.title() or path.startswith("/traces/") is False
        assert page.locator("main script, main img, main a[href^='javascript']").count() == 0
    for path in ("/sessions/", "/users/"):
        page = open_page(path)
        page.locator(".row-target").first.click()
        expect(page.locator("main h1")).to_contain_text("pwned")
        assert page.locator("main script, main img, main a[href^='javascript']").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(open_page, project, width):
    long = "unbroken" * 24
    entry = make_trace(project, question=long * 3, answer=long * 3, user=long, session=long, name=long)
    for path in ("/traces/", f"/traces/{entry.trace_id.hex}/", "/sessions/", "/users/", f"/users/one/?id={long}"):
        page = open_page(path)
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
