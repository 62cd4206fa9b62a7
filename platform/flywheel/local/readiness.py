"""Whether a child answers over HTTP yet."""

import http.client
from http import HTTPStatus
from urllib.parse import urlsplit

from flywheel.local.leftovers import wait_until
from flywheel.local.problems import Problem
from flywheel.local.processes import Child

PROBE_TIMEOUT_SECONDS = 2.0
READY_SECONDS = 120.0


def await_answer(child: Child, url: str, timeout: float = READY_SECONDS) -> None:
    """Wait until `url`, which `child` serves, answers 200.

    Raises:
        Problem: the child ended, or broke, before it ever answered; that will not get better by waiting.
    """
    answer: int | None = None

    def settled() -> bool:
        nonlocal answer
        answer = status(url)
        return answer in {HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR} or not child.running

    wait_until(settled, timeout, interval=0.05)
    if answer == HTTPStatus.OK:
        return
    what = "does not answer as it should" if child.running else "ended instead of starting"
    raise Problem(f"The {child.name} process {what}; its last lines (see {child.log}):\n{child.last_lines()}")


def status(url: str) -> int | None:
    """The status that a GET of `url` answers; None while nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
