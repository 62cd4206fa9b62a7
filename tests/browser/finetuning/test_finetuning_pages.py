"""Starting a run and watching it learn, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from apps.compute.models import Job, JobLog
from apps.compute.services import ensure_pool
from apps.finetuning.models import FinetuneRun
from tests.browser.conftest import until
from tests.factories.finetuning import begin, learn, make_base, make_lessons, make_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_form_counts_the_steps_anew_with_every_change_and_starts_the_run(open_page, project):
    make_base(project, name="tiny")
    make_lessons(project, train=40, name="answers")
    ensure_pool(name="cpu")
    page = open_page("/finetuning/new/")
    expect(page.locator("#plan")).to_contain_text("40 training rows, 20 steps in all.")
    page.get_by_label("Epochs").fill("2")
    page.get_by_label("Name").focus()
    expect(page.locator("#plan")).to_contain_text("40 training rows, 10 steps in all.")
    page.get_by_text("Advanced: the whole recipe").click()
    page.get_by_label("Batch size").fill("4")
    page.get_by_label("Rank").focus()
    expect(page.locator("#plan")).to_contain_text("40 training rows, 20 steps in all.")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("is waiting for a worker of cpu")).to_be_visible()
    run = FinetuneRun.objects.get()
    assert (run.name, run.recipe["epochs"], run.recipe["batch_size"]) == ("tiny-answers-v1", 2, 4)


def test_a_run_is_watched_from_the_queue_to_its_end_without_reloading(open_page, project):
    run = make_run(project)
    page = open_page(f"/finetuning/{run.id}/")
    expect(page.get_by_text("queued").first).to_be_visible()
    page.evaluate("window.stayed = true")

    begin(run)
    learn(run, {1: 2.0, 2: 1.5}, {2: 1.75})
    expect(page.get_by_text("training, step 40 of 100")).to_be_visible()
    until(page, "() => document.querySelectorAll('#loss .scatterlayer .trace').length === 2")
    learn(run, {3: 1.0, 4: 0.5})
    JobLog.objects.create(job=run.job, attempt=1, text="step 4 of 100: loss 0.5")
    expect(page.get_by_text("step 4 of 100: loss 0.5")).to_be_visible()
    until(page, "() => document.querySelector('#loss .js-plotly-plot').data[0].x.length === 4")

    Job.objects.update(state="succeeded", result={"reported": {"loss": 0.0123}})
    expect(page.get_by_text("0.0123")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert page.evaluate("window.stayed")


def test_cancelling_asks_the_worker_and_says_so(open_page, project):
    run = begin(make_run(project))
    page = open_page(f"/finetuning/{run.id}/")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It is being cancelled.").first).to_be_visible()
    run.job.refresh_from_db()
    assert run.job.cancel_requested_at


def test_the_list_moves_by_itself_while_a_run_is_under_way(open_page, project):
    run = make_run(project, name="taught")
    page = open_page("/finetuning/")
    row = page.get_by_role("row", name=re.compile("taught"))
    expect(row).to_contain_text("queued")
    begin(run)
    expect(row).to_contain_text("training, step 40 of 100")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(open_page, project, width):
    run = make_run(project, name="unbroken" * 12)
    Job.objects.update(state="failed", error="unbroken" * 40)
    learn(run, {1: 2.0, 2: 1.5})
    for path in ("", "new/", f"{run.id}/"):
        page = open_page(f"/finetuning/{path}")
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
