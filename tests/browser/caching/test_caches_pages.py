"""The caches pages in a real browser: charts are drawn, forms work, nothing sticks out."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.caching.models import CacheHour, CachePolicy
from llmkit import clock
from tests.browser.conftest import NARROW, WIDE
from tests.factories.caching import make_cache, make_entry, make_sample, this_hour
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db(transaction=True)
QUESTIONS = [
    ("How do I clean the filter?", "Rinse it under warm water."),
    ("How do I clean the filters", "Rinse it under warm water."),
    ("how can i clean the filter please", "Throw it away."),
    ("How do I empty the tank?", "Turn the valve."),
]


@pytest.fixture
def policy(project):
    """A cache that has seen some days, some checked hits and some questions."""
    policy = make_cache(project, semantic=True, threshold=0.75)
    for hours in range(0, 160, 7):
        CacheHour.objects.create(
            project=project,
            route="support",
            hour=this_hour() - timedelta(hours=hours),
            exact_hits=40 + hours % 11,
            semantic_hits=12 + hours % 5,
            misses=30 + hours % 13,
            saved_nano=900_000 + 10_000 * hours,
            evicted=hours % 3,
        )
    make_entry(policy, "How do I clean the filter?", size=48_000)
    for number in range(40):
        make_sample(policy, same=number > 1, similarity=0.76 + number / 200)
    start = clock.now() - timedelta(hours=1)
    for number, (question, answer) in enumerate(QUESTIONS):
        make_trace(project, question=question, answer=answer, start=start + timedelta(minutes=number))
    return policy


def drawn(page, chart: str) -> None:
    page.locator(chart).scroll_into_view_if_needed()
    expect(page.locator(f"{chart}[data-drawn]")).to_be_visible()


def test_the_overview_leads_to_a_cache_whose_charts_are_drawn(open_page, policy):
    page = open_page("/caches/")
    page.get_by_role("link", name="support").click()
    expect(page.get_by_role("heading", name="Cache of support")).to_be_visible()
    for chart in ("#lookups", "#savings"):
        drawn(page, chart)


def test_a_cache_is_switched_on_and_changed_with_the_form(open_page, project):
    page = open_page("/caches/")
    page.get_by_role("link", name="New cache").first.click()
    page.get_by_role("textbox", name="Route").fill("support")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("The cache of support is set.")).to_be_visible()
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Semantic cache").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No hit was checked yet")).to_be_visible()
    assert CachePolicy.objects.get(project=project).semantic is True


def test_a_request_is_explained_and_the_classifier_corrected(open_page, policy):
    page = open_page(f"/caches/{policy.id}/check/")
    page.get_by_label("Request").fill("Which harbor pilot is on duty?")
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_text("What the classifier goes by").or_(page.get_by_text("Word or pair")).first).to_be_visible()
    page.get_by_role("button", name="It is volatile").click()
    expect(page.get_by_text("The classifier has learned it.")).to_be_visible()
    expect(page.get_by_text("Which harbor pilot is on duty?")).to_be_visible()
    page.go_back()
    page.goto(page.url.split("/caches/")[0] + f"/caches/{policy.id}/check/")
    page.get_by_label("Request").fill("Which harbor pilot is on duty?")
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_text("The classifier takes it for personal or soon out of date.")).to_be_visible()


def test_the_calibration_is_drawn_and_its_suggestion_taken(open_page, policy):
    page = open_page(f"/caches/{policy.id}/calibration/")
    drawn(page, "#calibration")
    use = page.get_by_role("button", name=re.compile("^Use 0"))
    threshold = float(use.inner_text().split()[1])
    use.click()
    expect(page.get_by_text("The new threshold holds from now on")).to_be_visible()
    policy.refresh_from_db()
    assert policy.threshold == threshold


def test_checked_hits_are_a_source_too(open_page, policy):
    page = open_page(f"/caches/{policy.id}/calibration/")
    page.get_by_label("Questions").select_option("samples")
    page.get_by_role("button", name="Calibrate").click()
    expect(page).to_have_url(re.compile("source=samples"))
    drawn(page, "#calibration")
    expect(page.get_by_text("Of 40 questions")).to_be_visible()


def test_a_bad_rule_is_refused_without_losing_what_was_typed(open_page, policy, complaints):
    page = open_page("/caches/rules/")
    last = page.get_by_role("group").last
    last.get_by_label("Words or pattern").fill("(a+)+b")
    last.get_by_label("Kind").select_option("regex")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The rules were not changed")).to_be_visible()
    expect(page.get_by_role("group").filter(has_text="(a+)+b")).to_be_visible()
    complaints.clear()  # Chromium logs the status 422


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "path", ["", "{id}/", "{id}/check/", "{id}/calibration/", "{id}/edit/", "rules/", "corrections/"]
)
def test_nothing_sticks_out_of_the_window(open_page, policy, size, path):
    CachePolicy.objects.filter(id=policy.id).update(route="unbroken" * 12, semantic_off_at=clock.now())
    page = open_page("/caches/" + path.format(id=policy.id))
    page.set_viewport_size(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
