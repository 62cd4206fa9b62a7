import os
import signal
import stat

import psycopg
import pytest

from flywheel.local import postgres as postgres_module
from flywheel.local.identity import alive
from flywheel.local.postgres import Postgres
from flywheel.local.problems import Problem
from tests.helpers.waiting import eventually


@pytest.fixture(scope="module")
def cluster(shared_folder):
    """A folder with a database in it, which nobody runs."""
    postgres = Postgres(shared_folder / "postgres", durable=False)
    postgres.start()
    postgres.stop()
    return postgres.folder


@pytest.fixture
def postgres(cluster):
    postgres = Postgres(cluster, durable=False)
    postgres.start()
    yield postgres
    postgres.stop()


def query(postgres, statement):
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_the_database_speaks_utf8_and_knows_vectors(postgres):
    assert query(postgres, "SHOW server_encoding") == [("UTF8",)]
    assert query(postgres, "SELECT '[1,2,3]'::vector <-> '[1,2,5]'") == [(2.0,)]
    assert query(postgres, "SELECT lower('ÄÖ')") == [("äö",)]


def test_databases_made_later_know_vectors_too(postgres):
    query(postgres, "CREATE DATABASE later")
    with psycopg.connect(postgres.database_url("later")) as connection:
        assert connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone()


def test_it_listens_on_its_socket_only(postgres):
    assert query(postgres, "SHOW listen_addresses") == [("",)]
    socket = postgres.sockets / postgres_module.SOCKET
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_a_wrong_password_is_refused(postgres):
    wrong = postgres.url.replace(postgres.password_file.read_text(), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_password_is_private(postgres):
    assert stat.S_IMODE(postgres.password_file.stat().st_mode) == 0o600


def test_rows_survive_a_restart(postgres):
    query(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    postgres.stop()
    postgres.start()
    assert query(postgres, "SELECT number FROM kept") == [(7,)]


def test_stopping_twice_is_harmless(postgres):
    postgres.stop()
    postgres.stop()


def test_a_crashed_server_recovers_its_rows(cluster):
    postgres = Postgres(cluster)
    postgres.start()
    query(postgres, "CREATE TABLE recovered AS SELECT 7 AS number")
    os.kill(postgres.child.pid, signal.SIGKILL)
    eventually(lambda: not postgres.running)
    # Backends that outlive their postmaster for a moment hold the shared memory: the supervisor tries again.
    eventually(lambda: starts(postgres))
    assert query(postgres, "SELECT number FROM recovered") == [(7,)]
    postgres.stop()


def starts(postgres):
    try:
        postgres.start()
    except Problem:
        return False
    return True


def test_a_number_in_the_lock_file_that_a_stranger_has_by_now_is_no_obstacle(postgres):
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(f"{os.getppid()}\n{postgres.data}\n")
    postgres.start()
    assert query(postgres, "SELECT 1") == [(1,)]


def test_a_database_of_another_version_is_left_alone(postgres):
    postgres.stop()
    version = (postgres.data / "PG_VERSION").read_text()
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(Problem, match=r"made by PostgreSQL 12.*install that version"):
        postgres.start()
    (postgres.data / "PG_VERSION").write_text(version)


def test_a_long_path_after_an_interrupted_creation_starts_on_a_short_socket(folder):
    half_made = folder / ("long" * 30) / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    postgres = Postgres(half_made.parent, durable=False)
    postgres.start()
    assert query(postgres, "SELECT 1") == [(1,)]
    sockets = postgres.sockets
    assert len(str(sockets)) < 60
    postgres.stop()
    assert not sockets.exists()


KILLED_PARENT = """
    import os, signal, sys
    from flywheel.local.postgres import Postgres
    postgres = Postgres(sys.argv[1], durable=False)
    postgres.start()
    print(postgres.child.pid, flush=True)
    signal.pause()
"""


def test_it_ends_when_its_parent_is_killed(cluster, script):
    parent = script(KILLED_PARENT, cluster)
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    eventually(lambda: not alive(pid))
    assert "database system is shut down" in (cluster / "postgres.log").read_text()


ORPHAN = """
    import sys
    from flywheel.local import processes
    from flywheel.local.postgres import Postgres
    processes.LIBC = None  # as on a system that does not tell children about their parent's end
    postgres = Postgres(sys.argv[1], durable=False)
    postgres.start()
    print(postgres.child.pid, flush=True)
"""


def test_an_orphan_of_an_earlier_run_is_stopped_first(cluster, script):
    pid = int(script(ORPHAN, cluster).stdout.readline())
    assert alive(pid)
    postgres = Postgres(cluster, durable=False)
    postgres.start()
    assert not alive(pid)
    assert query(postgres, "SELECT 1") == [(1,)]
    postgres.stop()


def test_without_a_record_a_server_on_the_same_data_is_named(cluster, script):
    pid = int(script(ORPHAN, cluster).stdout.readline())
    (cluster / "postgres.process").unlink()
    with pytest.raises(Problem, match=f"process {pid}.*kill -INT {pid}"):
        Postgres(cluster, durable=False).start()
    os.kill(pid, signal.SIGINT)
    eventually(lambda: not alive(pid))
