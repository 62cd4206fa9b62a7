"""The wait between start and stop, without anything started."""

import sys

from flywheel.local import up
from flywheel.local.instance import Instance


class Terminal:
    """A terminal that is closed after a few looks at it."""

    def __init__(self, looks):
        self.looks = looks

    def isatty(self):
        self.looks -= 1
        return self.looks > 0

    def write(self, text):
        return len(text)

    def flush(self):
        return None


def test_it_ends_with_its_terminal(monkeypatch, tmp_path):
    terminal = Terminal(looks=4)
    monkeypatch.setattr(up, "CHECK_SECONDS", 0)
    monkeypatch.setattr(sys, "stdout", terminal)
    up.Up(Instance(tmp_path, "127.0.0.1", 8000), {}).serve()
    assert terminal.looks == 0
