"""Children, their groups, and what becomes of both when the parent goes."""

import os
import signal
import subprocess
import sys

from flywheel.local.identity import alive, identity
from flywheel.local.leftovers import stop_leftover
from flywheel.local.processes import Child
from tests.helpers.waiting import eventually


def sleeper(folder, name="sleeper", script="exec sleep 60"):
    return Child(
        name=name,
        argv=["/bin/sh", "-c", script],
        env={"PATH": os.defpath},
        log=folder / f"{name}.log",
        record=folder / f"{name}.process",
    )


def test_a_child_is_stopped_and_forgotten(folder):
    child = sleeper(folder)
    child.start()
    pid = child.pid
    assert child.record.read_text() == identity(pid)
    child.stop()
    assert not alive(pid)
    assert not child.record.exists()


def test_a_child_that_ignores_the_signal_is_killed(folder):
    child = sleeper(folder, script="trap '' TERM; echo deaf; while :; do sleep 0.1; done")
    child.start()
    eventually(lambda: "deaf" in child.log.read_text())
    pid = child.pid
    child.stop(timeout=0.1)
    assert not alive(pid)


def test_what_a_crashed_child_left_in_its_group_ends_with_the_restart(folder):
    child = sleeper(folder, script="sleep 60 & echo $!; wait")
    child.start()
    grandchild = int(eventually(child.log.read_text))
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not child.running)
    assert alive(grandchild)
    child.start()
    eventually(lambda: not alive(grandchild))
    child.stop()


def test_the_last_lines_of_the_log_are_shown(folder):
    child = sleeper(folder, script="for i in 1 2 3; do echo line $i; done")
    child.start()
    assert child.wait(10) == 0
    assert child.last_lines(2) == "    line 2\n    line 3"


def test_a_leftover_is_recognised_and_stopped(folder):
    left = subprocess.Popen(["sleep", "60"])
    record = folder / "left.process"
    record.write_text(identity(left.pid))
    # Reap it as init would: a zombie still has its number.
    stop_leftover(record, signal.SIGTERM)
    assert left.wait() == -signal.SIGTERM
    assert not record.exists()


def test_a_stranger_with_the_same_number_is_left_alone(folder):
    stranger = subprocess.Popen(["sleep", "60"])
    record = folder / "left.process"
    record.write_text(f"{stranger.pid} 1 00000000")
    stop_leftover(record, signal.SIGTERM)
    assert stranger.poll() is None
    assert not record.exists()
    stranger.kill()
    stranger.wait()


GUARDED = """
    import os, signal, sys
    from pathlib import Path
    from flywheel.local import processes
    from flywheel.local.guard import guarded
    from flywheel.local.processes import Child
    processes.LIBC = None  # the watchdog alone, as on systems without a parent-death signal
    folder = Path(sys.argv[1])
    with guarded():
        child = Child("c", ["/bin/sh", "-c", "sleep 60 & echo $!; wait"], folder / "c.log", folder / "c.process")
        child.start()
        while not (grandchild := (folder / "c.log").read_text()):
            pass
        print(child.pid, grandchild, flush=True)
        if sys.argv[2] == "stay":
            signal.pause()
        child.stop()
"""


def test_the_watchdog_ends_grandchildren_of_a_killed_parent(folder, script):
    parent = script(GUARDED, folder, "stay")
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(map(alive, pids))
    parent.kill()
    eventually(lambda: not any(map(alive, pids)))


def test_the_watchdog_goes_with_an_orderly_parent(folder, script):
    parent = script(GUARDED, folder, "go")
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert parent.wait(10) == 0
    assert not any(map(alive, pids))


def test_zombies_do_not_count_as_alive():
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    eventually(lambda: not alive(process.pid))
    process.wait()
