"""`python -m flywheel.local run -- CMD…`: a command with its own throw-away instance around it."""

import os
import shutil
import signal
import subprocess

from flywheel.local.problems import Problem
from flywheel.local.throwaway import throwaway_instance


def main(command: list[str]) -> int:
    """Run `command` with services that nothing else sees; return its exit status."""
    if not command:
        raise Problem("Give the command to run, for example `python -m flywheel.local run -- python manage.py check`.")
    if shutil.which(command[0]) is None:
        raise Problem(f"There is no program `{command[0]}`.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with throwaway_instance(os.environ) as environment:
            return _run(command, {**os.environ, "DJANGO_SETTINGS_MODULE": "flywheel.settings", **environment})
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: list[str], environment: dict[str, str]) -> int:
    # Ctrl-C reaches the command as well, which ends in its own way; nobody else tells it of a SIGTERM.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    status = process.wait()
    return status if status >= 0 else 128 - status
