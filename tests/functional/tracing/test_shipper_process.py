"""The shipper as a process: stopped, killed, doubled, and cut off from Postgres."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from apps.tracing.domain.shipping import read_status
from flywheel.local.postgres import Postgres
from flywheel.local.throwaway import make_folder, remove
from llmkit.ids import uuid7
from llmkit.spool import SpoolWriter
from llmkit.telemetry import encode_records
from tests.factories.tracing import make_record
from tests.helpers.waiting import eventually

ROOT = Path(__file__).parents[3]
PROJECT = uuid7()


@pytest.fixture(scope="module")
def postgres():
    """A server of its own, since these tests stop it."""
    folder = make_folder()
    server = Postgres(folder / "postgres", durable=False)
    server.start()
    try:
        migrate = manage(server, "migrate", "--verbosity=0", "--skip-checks")
        assert migrate.communicate()[1].decode() == ""
        with psycopg.connect(server.url) as connection:
            owner = uuid7()
            connection.execute("INSERT INTO accounts_organisation VALUES (%s, 'Org', 'org', now())", [owner])
            connection.execute(
                "INSERT INTO accounts_project (id, name, slug, created_at, organisation_id)"
                " VALUES (%s, 'Harbor', 'harbor', now(), %s)",
                [PROJECT, owner],
            )
        yield server
    finally:
        server.stop()
        remove(folder)


@pytest.fixture
def clean(postgres):
    with psycopg.connect(postgres.url) as connection:
        connection.execute("TRUNCATE tracing_span, tracing_spanpayload, tracing_traceminute")
    return postgres


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


@pytest.fixture
def writer(spool):
    writer = SpoolWriter(spool, "test", segment_bytes=200_000)
    yield writer
    writer.close()


def manage(server, *words, spool=None):
    env = os.environ | {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "flywheel.settings.test"}
    env |= {"FLYWHEEL_SPOOL_DIR": str(spool)} if spool else {}
    return subprocess.Popen([sys.executable, str(ROOT / "manage.py"), *words], env=env, stderr=subprocess.PIPE)


@contextmanager
def shipper(server, spool):
    process = manage(server, "ship_spans", spool=spool)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def write(writer, count):
    for _ in range(count):
        writer.append(encode_records([make_record(PROJECT), make_record(PROJECT, is_entry=False)]))


def stored(server):
    """Spans, payloads, and requests counted in the sums."""
    statement = """SELECT (SELECT count(*) FROM tracing_span), (SELECT count(*) FROM tracing_spanpayload),
                          (SELECT coalesce(sum(requests), 0) FROM tracing_traceminute)"""
    with psycopg.connect(server.url) as connection:
        return tuple(map(int, connection.execute(statement).fetchone()))


def test_sigterm_ships_what_is_there_and_ends(clean, spool, writer):
    with shipper(clean, spool) as process:
        eventually(lambda: read_status(spool).caught_up_at, within=30)
        write(writer, 300)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert stored(clean) == (600, 600, 300)


def test_a_shipper_killed_again_and_again_stores_and_counts_each_span_once(clean, spool, writer):
    for kill in range(4):
        with shipper(clean, spool) as process:
            write(writer, 400)
            eventually(lambda reached=200 + kill * 500: stored(clean)[0] > reached, within=30)
            process.kill()
    with shipper(clean, spool):
        writer.close()
        eventually(lambda: not list(spool.glob("*.ndjson")), within=30)
    assert stored(clean) == (3200, 3200, 1600)


def test_while_postgres_is_stopped_the_spool_grows_and_afterwards_all_is_there(clean, spool, writer):
    with shipper(clean, spool) as process:
        write(writer, 50)
        eventually(lambda: stored(clean)[0] == 100, within=30)
        clean.stop()
        write(writer, 100)
        eventually(lambda: read_status(spool).database_away)
        write(writer, 100)
        clean.start()
        eventually(lambda: stored(clean)[0] == 500, within=30)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1].decode()
    assert stored(clean) == (500, 500, 250)
    assert told.count("Postgres is away") == told.count("Postgres is back") == 1


def test_a_second_shipper_stands_by_and_takes_over(clean, spool, writer):
    with shipper(clean, spool) as first:
        eventually(lambda: read_status(spool).pid == first.pid, within=30)
        with shipper(clean, spool) as second:
            write(writer, 10)
            eventually(lambda: stored(clean)[0] == 20, within=30)
            assert read_status(spool).pid == first.pid
            first.kill()
            write(writer, 10)
            eventually(lambda: read_status(spool).pid == second.pid, within=30)
            eventually(lambda: stored(clean)[0] == 40, within=30)
    assert stored(clean) == (40, 40, 20)


def test_once_ships_everything_and_says_so_when_it_cannot(clean, spool, writer):
    write(writer, 20)
    process = manage(clean, "ship_spans", "--once", spool=spool)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert stored(clean) == (40, 40, 20)

    clean.stop()
    try:
        process = manage(clean, "ship_spans", "--once", spool=spool)
        assert "stay in the spool" in process.communicate(timeout=30)[1].decode()
        assert process.returncode == 1
    finally:
        clean.start()
