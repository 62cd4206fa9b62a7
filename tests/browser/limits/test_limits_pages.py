"""The limits pages in a real browser: bars are drawn, forms work, nothing sticks out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from apps.limits.domain.rules import Ask, Metric, Window
from apps.limits.models import Limit
from tests.browser.conftest import NARROW, WIDE
from tests.factories.accounts import make_secret_key
from tests.factories.limits import DOLLAR, count_in, make_limit, rules_for, with_limiters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limits(project):
    """A budget that is two thirds spent, users of whom one is done, and a soft limit; some of it is leased."""
    made = [
        make_limit(project, Metric.COST, 20 * DOLLAR, title="Monthly budget", window=Window.MONTH),
        make_limit(project, value=6, title="Requests of each user", subject="user"),
        make_limit(project, Metric.TOKENS, 50_000, title="Tokens a day", hard=False),
    ]
    rules = rules_for(make_secret_key(project).key)

    async def work(limiter):
        for user, tries in (("ada@example.com", 9), ("unbroken" * 20, 2), ("", 1)):
            await count_in(limiter, rules, tries, Ask(user=user, tokens=2_500, cost_nano=3 * DOLLAR // 2))

    from_a_thread(lambda: with_limiters(work, lease_share=0.0))
    return made


def from_a_thread(work):
    """Playwright's loop occupies this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_a_budget_is_set_looked_at_changed_and_removed(open_page, project):
    page = open_page("/limits/")
    page.get_by_role("link", name="New limit").first.click()
    page.get_by_label("Title").fill("Monthly budget")
    page.get_by_label("Counts").select_option("cost")
    page.get_by_label("At most").fill("12.50")
    page.get_by_label("Within").select_option("month")
    page.get_by_role("button", name="Set this limit").click()
    expect(page.get_by_text("$12.50 per month, this project.")).to_be_visible()
    expect(page.get_by_text("nothing can pass beyond the limit")).to_be_visible()
    page.get_by_role("link", name="Change").click()
    page.get_by_label("At most").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("$20.00 per month, this project.")).to_be_visible()
    page.get_by_role("button", name="Remove this limit").click()
    expect(page.get_by_text("No limit yet")).to_be_visible()
    assert not Limit.objects.exists()


def test_the_overview_shows_how_full_each_limit_is(open_page, limits):
    page = open_page("/limits/")
    row = page.get_by_role("row").filter(has_text="Requests of each user")
    expect(row.get_by_role("progressbar", name="ada@example.com")).to_have_attribute("value", "6")
    page.get_by_role("link", name="Monthly budget").click()
    expect(page.get_by_text("is leased to gateway processes")).to_be_visible()
    expect(page.get_by_role("heading", name="Outstanding leases")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", ["", "{id}/", "{id}/edit/", "new/"])
def test_nothing_sticks_out_of_the_window(open_page, limits, size, path):
    Limit.objects.update(title="unbroken" * 12)
    page = open_page("/limits/" + path.format(id=limits[1].id))
    page.set_viewport_size(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
