"""Filters, pages and steps: the URL says what was chosen, one step back undoes it, the keyboard keeps its place."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from llmkit import clock
from tests.browser.conftest import until
from tests.factories.tracing import make_record, make_trace, store

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_url_holds_each_filter_once_and_no_empty_ones(open_page, project):
    make_trace(project, question="paint", failed=True)
    page = open_page("/traces/")
    page.get_by_label("Status").select_option("error")
    expect(page).to_have_url(re.compile(r"/traces/\?status=error$"))
    search = page.get_by_role("searchbox", name="Search")
    search.fill("paint")
    search.press("Enter")
    expect(page).to_have_url(re.compile(r"/traces/\?q=paint&status=error$"))
    expect(page.locator("#trace-rows tr")).to_have_count(1)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/traces/\?status=error$"))


def test_another_time_keeps_the_filters(open_page, project):
    make_trace(project, question="long ago", failed=True, start=clock.now() - timedelta(days=3))
    make_trace(project, question="answered", start=clock.now() - timedelta(days=3))
    page = open_page("/traces/")
    page.get_by_label("Status").select_option("error")
    expect(page).to_have_url(re.compile("status=error"))
    page.get_by_role("navigation", name="Time range").get_by_text("7d").click()
    expect(page.locator("#trace-rows tr")).to_have_count(1)
    expect(page.get_by_label("Status")).to_have_value("error")


def test_a_further_page_begins_at_its_top_and_keeps_the_focus_on_the_pager(open_page, project):
    begin = clock.now() - timedelta(hours=1)
    store(*(make_record(project, start=begin + timedelta(seconds=n), name=f"step {n}") for n in range(160)))
    page = open_page("/traces/")
    older = page.get_by_role("link", name="Older")
    older.focus()
    older.press("Enter")
    expect(page).to_have_url(re.compile("cursor="))
    until(page, "() => scrollY === 0")
    expect(page.get_by_role("link", name="Older")).to_be_focused()


def test_a_step_that_is_chosen_by_keyboard_keeps_the_focus(open_page, project):
    entry = make_trace(project)
    page = open_page(f"/traces/{entry.trace_id.hex}/")
    step = page.locator(".waterfall-row", has_text="chat tiny-demo")
    step.focus()
    step.press("Enter")
    expect(page.locator(".waterfall-row[aria-current=true]")).to_contain_text("chat tiny-demo")
    expect(step).to_be_focused()


def test_the_user_of_a_session_can_be_clicked(open_page, project):
    make_trace(project, user="annie", session="visit-1")
    page = open_page("/sessions/thread/?id=visit-1")
    page.get_by_role("link", name="annie").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("annie")
