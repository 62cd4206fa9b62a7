"""`make up` behind its installer: the supervisor with everything that it starts."""

import os
import signal
import socket
import stat
import subprocess
import sys

import psycopg

from apps.console.demo.env import read_demo_env
from flywheel.local.instance import ROOT
from tests.functional.local.running import Instance, all_gone


def test_it_serves_and_says_where_and_for_whom(instance):
    assert instance.health() == 200
    demo = read_demo_env(instance.data)
    assert f"http://127.0.0.1:{instance.port}" in instance.output
    for name in ("FLYWHEEL_EMAIL", "FLYWHEEL_PASSWORD", "FLYWHEEL_API_KEY"):
        assert demo[name] in instance.output


def test_demo_env_is_private(instance):
    assert stat.S_IMODE((instance.data / "demo.env").stat().st_mode) == 0o600


def test_every_process_has_a_log_and_runs(instance):
    assert {"web", "shipper", "worker", "pool-worker", "postgres", "valkey-queue", "valkey-cache"} == set(
        instance.processes()
    )
    assert {path.stem for path in (instance.data / "logs").glob("*.log")} >= set(instance.processes())


def test_management_commands_find_the_running_instance(instance):
    answer = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=ROOT,
        env=instance.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_a_second_start_on_the_same_directory_is_refused_in_one_sentence(instance):
    second = Instance(instance.data.parent)
    second.launch()
    assert second.process.wait(60) == 1
    said = second.output.strip()
    assert said.startswith(f"Another Flywheel (process {instance.process.pid}) already runs on {instance.data}")
    assert "\n" not in said
    assert instance.health() == 200


def test_a_taken_port_is_refused_in_one_sentence(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = Instance(folder, port)
        refused.launch()
        assert refused.process.wait(60) == 1
    said = refused.output.strip()
    assert said.startswith(f"Port {port} on 127.0.0.1 is taken")
    assert "\n" not in said


def test_a_killed_child_is_started_again(instance):
    before = instance.processes()["worker"]
    os.kill(before, signal.SIGKILL)
    instance.until(lambda: instance.processes().get("worker", before) != before)
    assert "worker ended by itself" in instance.output


def test_postgres_comes_back_after_a_crash(instance):
    before = instance.processes()["postgres"]
    os.kill(before, signal.SIGKILL)
    instance.until(lambda: instance.processes().get("postgres", before) != before)
    instance.until(lambda: instance.health() == 200)


def test_ctrl_c_stops_everything_and_the_next_start_serves_the_same(instance):
    key, processes = read_demo_env(instance.data)["FLYWHEEL_API_KEY"], instance.descendants()
    assert instance.stop(signal.SIGINT) == 0
    assert all_gone(processes)
    assert list((instance.data / "run").glob("*.process")) == []
    assert "database system is shut down" in (instance.data / "logs" / "postgres.log").read_text()
    instance.start()
    assert read_demo_env(instance.data)["FLYWHEEL_API_KEY"] == key


def test_a_killed_supervisor_leaves_no_process_and_no_damage(instance, folder):
    """Beside an instance that goes on running."""
    killed = Instance(folder)
    killed.start()
    with psycopg.connect(database_url(killed), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    processes = killed.descendants()
    assert killed.stop(signal.SIGKILL) == -signal.SIGKILL
    # Started again at once: it waits for what is still ending.
    killed.start()
    assert all_gone(processes)
    with psycopg.connect(database_url(killed)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    processes = killed.descendants()
    killed.stop(signal.SIGKILL)
    killed.until(lambda: all_gone(processes))
    assert instance.health() == 200


def database_url(instance):
    password = (instance.data / "secrets" / "postgres").read_text()
    folder = instance.data / "postgres" / "data"
    return f"postgresql://flywheel:{password}@/flywheel?host={folder}"
