"""The palette and the shortcuts, with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW
from tests.browser.design.conftest import Desk


def test_ctrl_k_opens_the_palette_and_enter_goes_there(desk: Desk) -> None:
    page = desk.search()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Room, trace id, route or model")
    expect(field).to_be_focused()
    page.keyboard.type("memb")
    option = page.get_by_role("option", name=re.compile("Members"))
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/p/{desk.project.slug}/settings/members/")


def test_arrows_walk_the_entries_and_wrap_around(desk: Desk) -> None:
    page = desk.search()
    page.keyboard.press("Control+k")
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_have_count(0)


def test_what_is_not_found_is_said(desk: Desk) -> None:
    page = desk.search()
    page.keyboard.press("Control+k")
    page.keyboard.type("<b>zebra")
    expect(page.locator("#palette").get_by_role("status")).to_contain_text("Nothing is called “<b>zebra”")


def test_without_scripts_the_palette_is_a_search_page(desk: Desk) -> None:
    plain = desk.page.context.browser.new_context(
        java_script_enabled=False, storage_state=desk.page.context.storage_state()
    )
    page = plain.new_page()
    page.goto(f"{desk.url}/p/{desk.project.slug}/palette")
    page.get_by_role("searchbox").fill("audit")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name=re.compile("Audit log")).click()
    expect(page).to_have_url(f"{desk.url}/p/{desk.project.slug}/settings/audit/")
    plain.close()


def test_a_question_mark_lists_the_shortcuts(desk: Desk) -> None:
    page = desk.open("/design/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_g_and_a_letter_go_to_a_room(desk: Desk) -> None:
    page = desk.search()
    page.locator("h1").click()
    page.locator("#palette-query").blur()
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_url("**/settings/keys/")


def test_shortcuts_are_off_while_typing(desk: Desk) -> None:
    page = desk.search()
    page.locator("#palette-query").focus()
    page.keyboard.type("gk?")
    expect(page.locator("#palette-query")).to_have_value("gk?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/palette$"))


def test_j_and_k_walk_the_rows_and_slash_finds_the_field(desk: Desk) -> None:
    page = desk.open("/design/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".row-target").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".row-target").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def test_the_skip_link_leads_past_the_rail(desk: Desk) -> None:
    page = desk.open("/design/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_every_room_is_in_the_drawer(desk: Desk, scripts: bool) -> None:
    phone = desk.page.context.browser.new_context(
        viewport=NARROW, java_script_enabled=scripts, storage_state=desk.page.context.storage_state()
    )
    page = phone.new_page()
    page.goto(f"{desk.url}/p/{desk.project.slug}/palette")
    expect(page.locator(".rail")).to_be_hidden()
    page.locator(".drawer > summary").click()
    page.locator(".drawer").get_by_role("link", name="Members").click()
    expect(page).to_have_url(f"{desk.url}/p/{desk.project.slug}/settings/members/")
    phone.close()
