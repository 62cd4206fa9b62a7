"""Folders and processes for tests that start real servers of their own."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flywheel.local.throwaway import make_folder, remove

Script = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that Postgres' account may enter, which pytest's own are not."""
    folder = make_folder()
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    """One for all tests of a module, where making a database for each would take long."""
    folder = make_folder()
    yield folder
    remove(folder)


@pytest.fixture
def script() -> Iterator[Script]:
    """Start a Python script as a process of its own; it is killed at the end if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # as a shell does: signals of the terminal go to the whole group
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
