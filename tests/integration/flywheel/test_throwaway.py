import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flywheel.local.throwaway import PREFIX, make_folder, remove_abandoned, throwaway_instance
from tests.helpers.waiting import eventually


def run(*command, **environment):
    argv = [sys.executable, "-m", "flywheel.local", "run", "--", *command]
    given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(argv, env=given | environment, capture_output=True, text=True, check=False)


def test_a_command_gets_its_own_services_and_its_status_is_returned():
    answer = run("sh", "-c", 'echo "$DATABASE_URL $REDIS_URL $CACHE_URL $FLYWHEEL_DATA_DIR"; exit 7')
    database, queue, cache, data = answer.stdout.split()
    assert answer.returncode == 7
    assert database.startswith("postgresql://flywheel:")
    assert queue.startswith("unix:///")
    assert cache.startswith("unix:///")
    assert not Path(data).exists()


def test_a_missing_program_is_named():
    answer = run("no-such-program")
    assert (answer.returncode, answer.stderr.strip()) == (1, "There is no program `no-such-program`.")


def test_without_a_command_there_is_a_hint():
    answer = run()
    assert answer.returncode == 1
    assert "Give the command to run" in answer.stderr


def test_servers_of_the_environment_are_used_not_started(folder):
    given = {"DATABASE_URL": "postgresql://elsewhere", "REDIS_URL": "redis://elsewhere"}
    with throwaway_instance(given) as environment:
        assert "DATABASE_URL" not in environment
        assert "CACHE_URL" not in environment
        assert Path(environment["FLYWHEEL_SPOOL_DIR"]).is_dir()


def test_folders_of_killed_sessions_are_removed_and_those_in_use_are_not():
    with throwaway_instance({"DATABASE_URL": "x", "REDIS_URL": "x"}) as environment:
        abandoned = make_folder()
        (abandoned / "lock").touch()
        remove_abandoned()
        assert not abandoned.exists()
        assert Path(environment["FLYWHEEL_DATA_DIR"]).is_dir()
        assert PREFIX in environment["FLYWHEEL_DATA_DIR"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_nothing_behind(script, number):
    source = """
        import os, sys
        os.environ.update(DATABASE_URL="postgresql://elsewhere", REDIS_URL="redis://elsewhere")
        from flywheel.local.__main__ import main
        sys.exit(main(["run", "--", "sh", "-c", "echo $FLYWHEEL_DATA_DIR; exec sleep 60"]))
    """
    process = script(source)
    data = process.stdout.readline().strip()
    assert Path(data).is_dir()
    os.killpg(process.pid, number)
    assert process.wait(20) != 0
    eventually(lambda: not Path(data).exists())
