"""Nothing answered is lost, whatever dies meanwhile."""

import os
import subprocess
import sys
import time
from collections import Counter

import psycopg
import pytest
from django.db import connection

from tests.functional.gateway.conftest import House
from tests.helpers.calling import Caller
from tests.helpers.load import SteadyLoad
from tests.helpers.mock_provider import MockProvider, answers_after
from tests.helpers.own_database import OwnDatabase, own_database
from tests.helpers.processes import ROOT, ServerProcess
from tests.helpers.spool import entries_by_trace
from tests.helpers.waiting import eventually

# The closing measurement takes 30 seconds; for every day a short outage shows the same.
OUTAGE_SECONDS = float(os.environ.get("FLYWHEEL_TEST_OUTAGE_SECONDS", "3"))
ENTRIES = "SELECT replace(trace_id::text, '-', ''), count(*) FROM tracing_span WHERE is_entry GROUP BY trace_id"


def test_after_kill_9_under_load_every_answered_request_has_exactly_one_trace(
    house: House, provider: MockProvider, start_server
) -> None:
    provider.behave("acme-large", answers_after(0.2))
    server: ServerProcess = start_server()
    with SteadyLoad(house.caller(server), "helper", rate=50) as load:
        eventually(lambda: len(load.answered) >= 50)
        server.kill()
    assert load.broken > 0
    spooled = entries_by_trace(server.spool)
    assert {trace: spooled[trace] for trace in load.answered} == dict.fromkeys(load.answered, 1)

    subprocess.run([sys.executable, "manage.py", "ship_spans", "--once"], cwd=ROOT, env=server.environment, check=True)
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES)
        stored = Counter(dict(cursor.fetchall()))
    assert {trace: stored[trace] for trace in load.answered} == dict.fromkeys(load.answered, 1)


@pytest.fixture
def database():
    with own_database() as database:
        yield database


@pytest.fixture
def server(database: OwnDatabase, tmp_path):
    server = ServerProcess(tmp_path / "server", database.environment)
    yield server
    server.stop()


def test_while_postgres_is_stopped_requests_are_answered_and_afterwards_each_has_exactly_one_trace(
    database: OwnDatabase, server: ServerProcess, provider: MockProvider
) -> None:
    provider.behave("helper", answers_after(0.05))
    caller = Caller(server.start().url, database.run("-m", "tests.helpers.furnish", provider.url))
    eventually(lambda: caller.get("/v1/models").status == 200)
    shipper = database.start("manage.py", "ship_spans", FLYWHEEL_SPOOL_DIR=str(server.spool))
    try:
        with SteadyLoad(caller, "helper", rate=50) as load:
            eventually(lambda: len(load.answered) >= 50)
            database.server.stop()
            began, before = time.monotonic(), len(load.answered)
            eventually(lambda: time.monotonic() - began > OUTAGE_SECONDS, within=OUTAGE_SECONDS + 5)
            during = len(load.answered) - before
            database.server.start()
            eventually(lambda: len(load.answered) >= before + during + 50)
        assert (load.refused, load.broken) == ([], 0)
        assert during > 20 * OUTAGE_SECONDS
        stored = eventually(
            lambda: (found := stored_entries(database)).keys() >= set(load.answered) and found, within=60
        )
        assert {trace: stored[trace] for trace in load.answered} == dict.fromkeys(load.answered, 1)
    finally:
        shipper.terminate()
        shipper.wait(30)


def stored_entries(database: OwnDatabase) -> Counter[str]:
    with psycopg.connect(database.server.url) as own:
        return Counter(dict(own.execute(ENTRIES).fetchall()))
