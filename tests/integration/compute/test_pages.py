"""Pages of pools and jobs: what they show, to whom, and what can be done there."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.compute.models import Attempt, Job, JobLog, JobMetric
from apps.compute.services import ensure_pool
from llmkit import clock
from llmkit.ids import uuid7
from tests.factories.accounts import browser, make_member, make_project
from tests.factories.compute import claimed, job_in, make_job, make_pool, make_worker
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def viewer(project):
    return browser(make_member(project, Role.VIEWER))


@pytest.fixture
def engineer(project):
    return browser(make_member(project))


def address(name, project, *args):
    return reverse(f"compute:{name}", args=[project.slug, *args])


def text_of(answer):
    assert answer.status_code == 200
    return unescape(answer.content.decode())


# --- Pools


def test_without_a_pool_the_page_says_how_the_first_comes_into_being(project, viewer):
    page = text_of(viewer.get(address("pools", project)))
    assert "No pool yet" in page
    assert "celery -A flywheel worker --queues pool.local" in page


def test_a_pool_without_a_worker_shows_the_command_that_starts_one(project, viewer):
    ensure_pool(name="gpu", description="Two cards in the cellar.")
    page = text_of(viewer.get(address("pools", project)))
    assert "Two cards in the cellar." in page
    assert "celery -A flywheel worker --queues pool.gpu" in page


def test_workers_show_what_they_are_and_whether_they_live(project, viewer):
    pool = make_pool()
    make_worker(pool, name="alive@one", devices=[{"kind": "cuda", "name": "NVIDIA L4", "memory_bytes": 24 * 10**9}])
    make_worker(pool, name="silent@two", last_seen_at=clock.now() - timedelta(minutes=5))
    make_worker(pool, name="stopped@three", stopped_at=clock.now())
    make_worker(pool, name="forgotten@four", last_seen_at=clock.now() - timedelta(days=2))
    page = text_of(viewer.get(address("pools", project)))
    for text in ("alive@one", "NVIDIA L4", "24 GB", "silent@two", "stopped@three"):
        assert text in page, text
    states = {row.worker.name: row.state for row in viewer.get(address("pools", project)).context["pools"][0].workers}
    assert states == {"alive@one": "alive", "silent@two": "silent", "stopped@three": "stopped"}
    assert "forgotten@four" not in page
    assert "No worker serves this pool" not in page


def test_a_pool_whose_workers_are_all_gone_says_that_its_jobs_wait(project, kind, viewer):
    pool = make_pool()
    make_worker(pool, name="stopped@three", stopped_at=clock.now())
    make_job(project, pool=pool)
    page = text_of(viewer.get(address("pools", project)))
    assert "stopped@three" in page
    assert "No worker serves this pool, so its jobs wait." in page


def test_a_pool_counts_all_jobs_but_names_only_those_of_this_project(project, kind, viewer):
    pool = make_pool()
    mine, others = make_worker(pool, name="mine@one"), make_worker(pool, name="others@two")
    foreign = make_job(make_project(), pool=pool, title="secret plans")
    claimed(foreign, worker=others)
    claimed(make_job(project, pool=pool, title="our training"), worker=mine)
    make_job(project, pool=pool)
    page = text_of(viewer.get(address("pools", project)))
    assert "2 running, 1 waiting" in page
    assert "our training" in page
    assert "secret plans" not in page
    assert "a job of another project" in page


# --- Jobs


def test_without_a_job_the_list_says_where_they_come_from(project, viewer):
    page = text_of(viewer.get(address("jobs", project)))
    assert "No job yet" in page


def test_jobs_are_listed_newest_first_in_pages(project, kind, viewer, monkeypatch):
    monkeypatch.setattr("apps.compute.queries.PAGE", 2)
    for title in ("first", "second", "third"):
        make_job(project, title=f"the {title} job")
    make_job(make_project(), title="secret plans")
    page = viewer.get(address("jobs", project))
    text = text_of(page)
    assert text.index("the third job") < text.index("the second job")
    assert "the first job" not in text
    older = text_of(viewer.get(address("jobs", project), {"cursor": page.context["page"].older}, headers=HTMX))
    assert "the first job" in older
    assert "the second job" not in older
    assert "secret plans" not in text + older
    assert "the third job" in text_of(viewer.get(address("jobs", project), {"cursor": "no such"}))
    assert 'data-live="3"' in text
    Job.objects.update(state=Job.State.CANCELLED)
    assert 'data-live="3"' not in text_of(viewer.get(address("jobs", project)))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Job.State.QUEUED, "waiting for a worker"),
        (Job.State.RUNNING, "running"),
        (Job.State.SUCCEEDED, "succeeded"),
        (Job.State.FAILED, "There is no row to learn from."),
        (Job.State.CANCELLED, ">cancelled<"),
    ],
)
def test_a_job_shows_its_state_and_what_can_be_done(project, kind, engineer, state, words):
    job = job_in(project, state)
    page = text_of(engineer.get(address("job", project, job.id)))
    assert words in page
    assert words in text_of(engineer.get(address("jobs", project)))
    offered = {name for name in ("cancel", "retry") if f'action="{address(name, project, job.id)}"' in page}
    wanted = {"queued": "cancel", "running": "cancel", "failed": "retry", "cancelled": "retry"}.get(state)
    assert offered == ({wanted} if wanted else set())
    assert ('data-live="2"' in page) == (not job.finished)


def test_a_running_job_is_shown_as_it_goes_on(project, kind, viewer):
    job = job_in(project, Job.State.RUNNING)
    Job.objects.update(progress=0.25, stage="training", seconds_left=4320)
    for step in (9, 10):
        JobMetric.objects.create(job=job, attempt=1, step=step, values={"loss": 1 / step, "items": 3})
    part = text_of(viewer.get(address("job", project, job.id), headers=HTMX))
    for text in ("training", 'value="0.25"', "1 h 12 min left", "Step 10:", ">0.1<"):
        assert text in part, text
    assert "<html" not in part


def test_the_last_lines_of_a_log_are_shown_oldest_first(project, kind, viewer, monkeypatch):
    job = job_in(project, Job.State.RUNNING)
    assert "Nothing was printed yet." in text_of(viewer.get(address("job_log", project, job.id)))
    JobLog.objects.bulk_create(JobLog(job=job, attempt=1, text=f"line {number:03}") for number in range(205))
    part = text_of(viewer.get(address("job_log", project, job.id)))
    assert part.index("line 005") < part.index("line 204")
    assert "line 004" not in part
    assert f'hx-get="{address("job_log", project, job.id)}"' in part
    Job.objects.update(state=Job.State.SUCCEEDED)
    assert "hx-get" not in text_of(viewer.get(address("job_log", project, job.id)))


def test_attempts_show_who_tried_and_why_they_ended(project, kind, viewer):
    job = make_job(project)
    attempt = claimed(job, worker=make_worker(job.pool, name="rack@one"))
    Attempt.objects.filter(id=attempt.id).update(state=Attempt.State.LOST, cause="lost", finished_at=clock.now())
    Job.objects.update(state=Job.State.QUEUED)
    claimed(job)
    page = text_of(viewer.get(address("job", project, job.id)))
    assert "rack@one" in page
    assert "its worker fell silent" in page
    numbers = [attempt.number for attempt in viewer.get(address("job", project, job.id)).context["attempts"]]
    assert numbers == [2, 1]


def test_nothing_that_a_job_says_is_html(project, kind, viewer):
    job = make_job(project, title=HOSTILE)
    claimed(job, worker=make_worker(job.pool, name=HOSTILE, devices=[{"kind": "cpu", "name": HOSTILE}]))
    Job.objects.update(stage=HOSTILE)
    JobLog.objects.create(job=job, attempt=1, text=HOSTILE)
    Attempt.objects.update(cause=HOSTILE[:40])
    running = [address("pools", project), address("jobs", project)]
    running += [address(name, project, job.id) for name in ("job", "job_log")]
    pages = [viewer.get(each).content.decode() for each in running]
    Job.objects.update(state=Job.State.FAILED, error=HOSTILE)
    pages += [viewer.get(each).content.decode() for each in running[1:3]]
    for page in pages:
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


# --- Cancelling and trying again


@pytest.mark.parametrize(
    ("name", "state", "words", "becomes"),
    [
        ("cancel", Job.State.QUEUED, "The job is cancelled.", Job.State.CANCELLED),
        ("cancel", Job.State.RUNNING, "once its worker has stopped it", Job.State.RUNNING),
        ("cancel", Job.State.SUCCEEDED, "over already: it is succeeded", Job.State.SUCCEEDED),
        ("retry", Job.State.FAILED, "back in its queue", Job.State.QUEUED),
        ("retry", Job.State.QUEUED, "Only a job that failed", Job.State.QUEUED),
    ],
)
def test_an_engineer_is_told_what_became_of_a_wish(project, kind, engineer, name, state, words, becomes):
    job = job_in(project, state)
    answer = engineer.post(address(name, project, job.id), follow=True)
    assert answer.redirect_chain == [(address("job", project, job.id), 302)]
    assert words in said(answer)
    job.refresh_from_db()
    assert job.state == becomes


def test_a_job_that_is_being_cancelled_says_so_and_cannot_be_cancelled_twice(project, kind, engineer):
    job = job_in(project, Job.State.RUNNING)
    page = text_of(engineer.post(address("cancel", project, job.id), follow=True))
    assert "It is being cancelled." in page
    assert f'action="{address("cancel", project, job.id)}"' not in page


# --- Who may what


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANNOTATOR])
def test_who_only_looks_can_neither_cancel_nor_retry_and_is_not_offered_it(project, kind, role):
    client = browser(make_member(project, role))
    waiting, failed = job_in(project, Job.State.QUEUED), job_in(project, Job.State.FAILED)
    for name, job in (("cancel", waiting), ("retry", failed)):
        assert "<form" not in client.get(address("job", project, job.id), headers=HTMX).content.decode()
        assert client.post(address(name, project, job.id)).status_code == 403
        state = job.state
        job.refresh_from_db()
        assert job.state == state


def test_jobs_of_other_projects_are_not_there(project, kind, engineer):
    other = make_project()
    foreign = job_in(other, Job.State.QUEUED)
    for name in ("job", "job_log"):
        assert engineer.get(address(name, project, foreign.id)).status_code == 404
        assert engineer.get(address(name, other, foreign.id)).status_code == 404
        assert engineer.get(address(name, project, uuid7())).status_code == 404
    for name in ("cancel", "retry"):
        assert engineer.post(address(name, project, foreign.id)).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == Job.State.QUEUED
