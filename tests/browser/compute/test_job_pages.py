"""Jobs in a real browser: their pages follow them without being reloaded."""

import pytest
from playwright.sync_api import expect

from apps.compute.models import Job, JobLog
from tests.factories.compute import job_in, make_worker, script_kind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(project):
    script_kind()
    job = job_in(project, Job.State.RUNNING, title="a training " + "unbroken" * 20)
    Job.objects.update(progress=0.25, stage="training")
    JobLog.objects.bulk_create(JobLog(job=job, attempt=1, text=f"line {number:03}") for number in range(150))
    return job


def test_a_jobs_page_follows_it_to_its_end_and_shows_the_end_of_its_log(open_page, job):
    page = open_page(f"/jobs/{job.id}/")
    expect(page.get_by_text("training", exact=True)).to_be_visible()
    log = page.locator("#job-log pre")
    assert log.evaluate("box => Math.abs(box.scrollTop) < 2 && box.scrollHeight > box.clientHeight")
    JobLog.objects.create(job=job, attempt=1, text="the last line")
    expect(log).to_contain_text("the last line")
    Job.objects.update(state=Job.State.FAILED, error="It ran out of memory.")
    expect(page.get_by_text("It ran out of memory.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("[data-live]")).to_have_count(0)


def test_a_job_is_cancelled_on_its_page(open_page, job):
    page = open_page(f"/jobs/{job.id}/")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("It is being cancelled.")).to_be_visible()
    assert Job.objects.get().cancel_requested_at is not None


@pytest.mark.parametrize("path", ["/pools/", "/jobs/", "/jobs/{}/"])
def test_nothing_sticks_out_of_a_narrow_window(open_page, job, path):
    make_worker(job.pool, name="unbroken" * 12, devices=[{"kind": "cpu", "name": "unbroken" * 12}])
    page = open_page(path.format(job.id))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    frames = page.locator(".table-frame, .card").evaluate_all(
        "all => all.map(each => each.scrollWidth - each.clientWidth)"
    )
    assert max(frames) <= 0
