import pytest

from flywheel.local.problems import Problem
from flywheel.local.supervisor import HEALTHY_AFTER_SECONDS, LONGEST_PAUSE_SECONDS, Supervisor


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Process:
    """Stands for a process that runs or does not; that is all a supervisor sees of one."""

    name = "worker"

    def __init__(self):
        self.running = True
        self.starts = 0
        self.refusal = None

    def start(self):
        self.starts += 1
        if self.refusal:
            raise self.refusal
        self.running = True

    def stop(self, timeout=15.0):
        self.running = False

    def last_lines(self):
        return "    Traceback: it broke"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def process():
    return Process()


@pytest.fixture
def supervisor(clock, process):
    supervisor = Supervisor(clock)
    supervisor.watch(process)
    return supervisor


def let_pass(supervisor, clock, seconds):
    clock.now += seconds
    supervisor.check()


def test_a_running_process_is_left_alone(supervisor, clock, process, capsys):
    let_pass(supervisor, clock, 5)
    assert process.starts == 0
    assert capsys.readouterr().out == ""


def test_an_ended_process_is_started_again_and_its_last_lines_are_shown(supervisor, clock, process, capsys):
    process.running = False
    supervisor.check()
    assert process.starts == 0
    let_pass(supervisor, clock, 0.6)
    assert process.starts == 1
    assert "worker ended by itself" in (said := capsys.readouterr().out)
    assert "Traceback: it broke" in said


def pauses(supervisor, clock, process, times):
    """Let the process fail `times` times in a row and return how long each restart waited."""
    waited = []
    for _ in range(times):
        process.running = False
        supervisor.check()
        began, starts = clock.now, process.starts
        while process.starts == starts:
            let_pass(supervisor, clock, 0.5)
        waited.append(clock.now - began)
    return waited


def test_repeated_failures_wait_longer_up_to_a_limit(supervisor, clock, process):
    waited = pauses(supervisor, clock, process, 9)
    assert waited[:4] == [0.5, 1, 2, 4]
    assert waited == sorted(waited)
    assert waited[-1] == LONGEST_PAUSE_SECONDS


def test_patience_is_short_again_after_a_healthy_run(supervisor, clock, process):
    pauses(supervisor, clock, process, 5)
    let_pass(supervisor, clock, HEALTHY_AFTER_SECONDS + 1)
    assert pauses(supervisor, clock, process, 1) == [0.5]


def test_a_start_that_fails_is_tried_again(supervisor, clock, process, capsys):
    process.running, process.refusal = False, Problem("The disk is full.")
    supervisor.check()
    let_pass(supervisor, clock, 0.5)
    assert "The disk is full." in capsys.readouterr().out
    process.refusal = None
    let_pass(supervisor, clock, 1.0)
    assert process.running
    assert process.starts == 2


def test_a_full_disk_does_not_end_the_supervisor(supervisor, clock, process, capsys):
    process.running, process.refusal = False, OSError(28, "No space left on device")
    supervisor.check()
    let_pass(supervisor, clock, 0.6)
    assert "No space left on device" in capsys.readouterr().out
    process.refusal = None
    let_pass(supervisor, clock, 1.1)
    assert process.running


def test_a_process_that_runs_though_its_start_failed_half_way_is_left_alone(supervisor, clock, process, monkeypatch):
    def starts_but_fails():
        process.starts += 1
        process.running = True
        raise OSError(28, "No space left on device")

    process.running = False
    monkeypatch.setattr(process, "start", starts_but_fails)
    supervisor.check()
    let_pass(supervisor, clock, 0.6)
    let_pass(supervisor, clock, 60)
    assert process.starts == 1
