"""Every component under the strict content policy: nothing is refused, nothing overflows, charts are drawn."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, until
from tests.browser.design.conftest import Desk


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_gallery_draws_everything_without_a_complaint(desk: Desk, theme: str, size: dict[str, int]) -> None:
    desk.page.set_viewport_size(size)
    desk.page.emulate_media(color_scheme=theme)
    page = desk.open("/design/")
    for chart in page.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", "")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_charts_take_their_colours_from_the_theme(desk: Desk) -> None:
    desk.page.emulate_media(color_scheme="light")
    page = desk.open("/design/")
    chart = page.locator("#outcomes")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "")
    light = bar_colour(page)
    page.emulate_media(color_scheme="dark")
    until(page, "before => document.querySelector('#outcomes .point path').style.fill !== before", light)


def bar_colour(page: Page) -> str:
    return page.evaluate("document.querySelector('#outcomes .point path').style.fill")


def test_a_chart_that_is_fetched_again_keeps_its_drawing(desk: Desk) -> None:
    page = desk.open("/design/")
    chart = page.locator("#outcomes")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "")
    page.evaluate("document.querySelector('#outcomes .chart-plot').dataset.mark = 'same'")
    with page.expect_response("**/design/"):
        page.evaluate("htmx.ajax('GET', '/design/', {target: '#outcomes', select: '#outcomes', swap: 'outerHTML'})")
    until(page, "() => document.querySelector('.htmx-settling, .htmx-added, .htmx-request') === null")
    expect(page.locator("#outcomes .chart-plot[data-mark=same] .main-svg").first).to_be_visible()


def test_markup_in_a_message_stays_text(desk: Desk) -> None:
    page = desk.open("/design/")
    expect(page.get_by_text("<script>alert('harmless')</script>")).to_be_visible()


def test_figures_of_a_chart_can_be_read_as_a_table(desk: Desk) -> None:
    page = desk.open("/design/")
    page.locator("#outcomes summary").click()
    expect(page.locator("#outcomes").get_by_role("cell", name="Wed")).to_be_visible()


def test_a_dialog_opens_closes_and_gives_the_focus_back(desk: Desk) -> None:
    page = desk.open("/design/")
    opener = page.get_by_role("button", name="New key")
    opener.click()
    expect(page.get_by_role("dialog", name="New API key")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_copy_puts_the_text_on_the_clipboard(desk: Desk) -> None:
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.page.clock.install(time=0)
    page = desk.open("/design/")
    page.clock.pause_at(3_600_000)  # a busy machine could otherwise look after the word has gone again
    page.get_by_role("button", name="Copy id").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "0af7651916cd43dd8448eb211c80319c"
    page.clock.run_for(2_000)
    expect(page.get_by_role("button", name="Copy id")).to_be_visible()


def test_snippets_change_language_without_scripts(desk: Desk) -> None:
    page = desk.open("/design/")
    page.locator(".code-tabs-bar").get_by_text("curl").click()
    expect(page.locator("#first-request-code-2")).to_be_visible()
    expect(page.locator("#first-request-code-1")).to_be_hidden()


def test_every_element_reached_with_tab_shows_its_focus(desk: Desk) -> None:
    page = desk.open("/design/")
    unseen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if not page.evaluate(SHOWS_FOCUS):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    assert unseen == []


SHOWS_FOCUS = """() => {
  const shown = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const at = document.activeElement;
  return at === document.body || shown(getComputedStyle(at)) || shown(getComputedStyle(at, '::after'))
    || shown(getComputedStyle(at.closest('.code-tabs')?.querySelector('label') ?? at));
}"""
