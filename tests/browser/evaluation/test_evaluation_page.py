"""An evaluation in a real browser: progress turns into a verdict, charts are drawn, filters stand in the URL."""

import re

import pytest
from playwright.sync_api import expect

from apps.compute.models import Job
from tests.factories.accounts import make_member
from tests.factories.evaluation import answer_all, conclude, make_concluded, make_evaluation
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def models(project):
    provider = make_provider(project)
    return make_model(provider, name="novel"), make_model(provider, name="steady")


@pytest.fixture
def open_page(signed_in_page, live_server, project):
    page = signed_in_page(make_member(project))

    def open_page(evaluation, query=""):
        page.goto(f"{live_server.url}/p/{project.slug}/evaluations/{evaluation.id}/{query}")
        return page

    return open_page


def test_progress_turns_into_the_verdict_without_reloading(open_page, models):
    evaluation = make_evaluation(*models)
    Job.objects.update(state="running", progress=0.5, stage="40 of 80 answers")
    page = open_page(evaluation)
    expect(page.get_by_text("40 of 80 answers")).to_be_visible()

    answer_all(evaluation, {models[0]: range(40), models[1]: range(10)})
    conclude(evaluation)

    expect(page.get_by_text("novel is better than steady")).to_be_visible()
    expect(page.get_by_role("link", name="Evaluate again")).to_be_visible()


def test_both_charts_are_drawn(open_page, models):
    page = open_page(make_concluded(*models))
    for chart in ("#differences", "#accuracies"):
        page.locator(chart).scroll_into_view_if_needed()
        expect(page.locator(f"{chart}[data-drawn]")).to_be_visible()
    expect(page.locator("#differences .xaxislayer-above")).to_contain_text("0")


def test_a_filter_of_the_rows_stands_in_the_url_and_back_undoes_it(open_page, models):
    page = open_page(make_concluded(*models, only_candidate=9, only_incumbent=3))
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(12)
    page.get_by_role("link", name="Only the incumbent right").click()
    expect(rows).to_have_count(3)
    expect(page).to_have_url(re.compile(r"\?show=incumbent$"))
    page.go_back()
    expect(rows).to_have_count(12)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(open_page, models, width):
    evaluation = make_concluded(*models, title="unbroken" * 24)
    evaluation.predictions.update(output="unbroken" * 60)
    page = open_page(evaluation)
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
