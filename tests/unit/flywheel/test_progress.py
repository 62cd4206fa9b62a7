import signal
import sys

import pytest

from flywheel.local import progress
from flywheel.local.progress import say, step


def test_a_step_says_what_it_does_and_how_long_it_took(capsys):
    with step("Counting"):
        pass
    assert capsys.readouterr().out == "  Counting … 0.0 s\n"


def test_a_long_step_shows_that_it_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.001)
    said = ""
    with step("Counting"):
        while ".." not in said:
            signal.pause()
            said += capsys.readouterr().out
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def fail():
    with step("Counting"):
        raise ValueError("no")


def test_a_failed_step_ends_its_line_and_passes_the_error_on(capsys):
    with pytest.raises(ValueError, match="no"):
        fail()
    assert capsys.readouterr().out == "  Counting …\n"


class ClosedTerminal:
    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")


def test_a_closed_terminal_does_not_keep_anything_from_stopping(monkeypatch):
    monkeypatch.setattr(sys, "stdout", ClosedTerminal())
    say("Stopping")
    say("still here")
    sys.stdout.close()
