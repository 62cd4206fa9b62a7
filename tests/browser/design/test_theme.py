"""Light and dark: as the system says until somebody chooses, and then as chosen."""

from playwright.sync_api import Page, expect

from tests.browser.design.conftest import Desk

GROUND = "getComputedStyle(document.documentElement).backgroundColor"


def ground(page: Page) -> str:
    return page.evaluate(GROUND)


def test_the_page_follows_the_system_until_a_theme_is_chosen(desk: Desk) -> None:
    desk.page.emulate_media(color_scheme="dark")
    page = desk.search()
    dark = ground(page)
    page.emulate_media(color_scheme="light")
    assert ground(page) != dark


def test_a_chosen_theme_outlives_the_page(desk: Desk) -> None:
    desk.page.emulate_media(color_scheme="light")
    page = desk.search()
    system = ground(page)
    toggle = page.locator("[data-theme-toggle]")
    toggle.click()
    toggle.click()
    expect(toggle).to_have_accessible_name("Theme: dark")
    dark = ground(page)
    assert dark != system
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert ground(page) == dark
    toggle.click()
    page.reload()
    assert ground(page) == system


def test_the_theme_is_set_before_anything_is_painted(desk: Desk) -> None:
    desk.page.add_init_script("localStorage.setItem('flywheel-theme', 'dark')")
    page = desk.search()
    order = page.evaluate(
        "[...document.head.children].map((e) => e.getAttribute('src') ?? e.getAttribute('href') ?? '')"
    )
    scripts = [index for index, source in enumerate(order) if source.endswith("theme.js")]
    sheets = [index for index, source in enumerate(order) if source.endswith("flywheel.css")]
    assert scripts[0] < sheets[0]
    assert page.evaluate("document.querySelector('script[src$=\"theme.js\"]').type") == ""
