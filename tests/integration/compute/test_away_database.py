"""Postgres goes away under a running job: the job goes on, and what it came to is written once Postgres is back."""

import threading

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.compute.engine import supervisor
from apps.compute.engine.supervisor import Supervisor
from apps.compute.models import Job
from tests.factories.compute import claimed, make_job
from tests.helpers.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN = "import os, pathlib, time\nfrom apps.compute.domain.reporting import Reporter\nreporter = Reporter()\n"
WAITS = BEGIN + "print('ready')\nwhile not pathlib.Path({gate!r}).exists(): time.sleep(0.01)\n"
ENDS = "reporter.result(answer=42)\n"


@pytest.fixture
def sessions():
    """Postgres' number of the session that the supervisor has."""
    return []


@pytest.fixture
def start(project, kind, sessions, tmp_path):
    """A job that waits for `open_gate` to come to its end, supervised in a thread of its own."""
    threads, stopping = [], threading.Event()

    def start():
        job = make_job(project, script=WAITS.format(gate=str(tmp_path / "gate")) + ENDS)
        attempt = claimed(job)

        def supervise():
            connection.ensure_connection()
            sessions.append(connection.connection.info.backend_pid)
            Supervisor(attempt, stopping).run()
            connection.close()

        threads.append(threading.Thread(target=supervise))
        threads[0].start()
        eventually(lambda: job.logs.filter(text="ready").exists())
        return job

    yield start
    stopping.set()
    (tmp_path / "gate").touch()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)


def ended(job):
    return eventually(lambda: Job.objects.filter(id=job.id).exclude(state="running").first(), within=20)


def test_a_connection_that_died_unnoticed_costs_nothing(start, sessions, tmp_path):
    job = start()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [sessions[0]])
    (tmp_path / "gate").touch()
    job = ended(job)
    assert (job.state, job.attempt, job.error, job.result) == ("succeeded", 1, "", {"reported": {"answer": 42}})


def test_a_job_that_ends_while_postgres_is_away_is_written_down_later(start, tmp_path, monkeypatch):
    job, asked = start(), []
    this, connect = threading.current_thread(), BaseDatabaseWrapper.connect

    def away_at_first(self):
        if threading.current_thread() is not this and threading.current_thread().name != "job-heartbeat":
            asked.append(self)
            if len(asked) < 4:
                raise OperationalError("connection refused")
        return connect(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", away_at_first)
    monkeypatch.setattr(supervisor, "AWAY_SECONDS", 0.01)
    (tmp_path / "gate").touch()
    job = ended(job)
    assert (job.state, job.attempt, job.result) == ("succeeded", 1, {"reported": {"answer": 42}})
    assert len(asked) >= 4
