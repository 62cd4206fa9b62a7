"""The thread that follows the configuration."""

import logging

import psycopg
import pytest
from django.db import connection, transaction

from apps.accounts.models import ConfigVersion
from apps.gateway.snapshot.keeper import SnapshotKeeper
from tests.factories.accounts import make_project, make_secret_key
from tests.helpers.processes import test_database_url
from tests.helpers.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def keeper():
    keeper = SnapshotKeeper()
    keeper.start()
    assert keeper.ready.wait(10)
    yield keeper
    keeper.stop()


def test_a_change_is_there_within_two_seconds(keeper):
    before = keeper.current
    make_secret_key(make_project())
    eventually(lambda: keeper.current is not before and len(keeper.current.keys) == 1, within=2.0)


def test_a_change_whose_announcement_got_lost_is_found_by_counting(keeper):
    before = keeper.current
    ConfigVersion.bump()
    eventually(lambda: keeper.current is not before, within=2.0)


def test_a_lost_connection_keeps_the_snapshot_and_is_told_once(keeper, caplog):
    caplog.set_level(logging.INFO)
    make_secret_key(make_project())
    eventually(lambda: keeper.current.keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    eventually(lambda: "Postgres is back" in caplog.text)
    assert len(keeper.current.keys) == 1
    assert caplog.text.count("cannot read its configuration") == 1
    make_secret_key(make_project())
    eventually(lambda: len(keeper.current.keys) == 2)


def test_locked_tables_are_waited_for_without_holding_others(keeper, caplog):
    before = keeper.current
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE gateway_route IN ACCESS EXCLUSIVE MODE")
        with psycopg.connect(test_database_url()) as elsewhere:
            elsewhere.execute("SELECT pg_notify('flywheel_config', '')")
        eventually(lambda: keeper.age() > 0.7)
        assert keeper.current is before
    eventually(lambda: keeper.current is not before)
    assert "cannot read" not in caplog.text


def test_the_snapshot_says_how_old_it_is(keeper):
    assert keeper.age() < 5.0
    keeper.stop()
    first = keeper.age()
    eventually(lambda: keeper.age() > first + 0.05)


def test_a_snapshot_that_cannot_be_compiled_leaves_the_last_one(keeper, caplog):
    before = keeper.current
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gateway_route RENAME TO gateway_route_away")
    try:
        ConfigVersion.bump()
        eventually(lambda: "cannot read its configuration" in caplog.text or "could not be compiled" in caplog.text)
        assert keeper.current is before
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gateway_route_away RENAME TO gateway_route")
    eventually(lambda: keeper.current is not before)


def test_stopping_ends_the_thread_and_its_connection(keeper):
    keeper.stop()
    assert not keeper._thread.is_alive()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND application_name = ''")
        assert cursor.fetchone() == (0,)
