"""Pytest plugin: throw-away Postgres and Valkey for the session, up before Django reads its settings.

Servers named by DATABASE_URL, REDIS_URL or CACHE_URL are used instead. Workers of pytest-xdist inherit the servers;
each gets its own data directory and its own Redis database.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flywheel.local.throwaway import instance_environment, throwaway_instance

MARK = "FLYWHEEL_TEST_SESSION"  # set in the first process of a session, inherited by its workers


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """A wrapper, since pytest-django reads the settings in this hook and asks to be first too."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _prepare_worker(worker)
    elif MARK not in os.environ:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        environment = stack.enter_context(throwaway_instance(os.environ))
        os.environ.update(environment)
        os.environ[MARK] = environment["FLYWHEEL_DATA_DIR"]
        os.environ["DJANGO_SETTINGS_MODULE"] = "flywheel.settings.test"
    return (yield)


def _prepare_worker(worker: str) -> None:
    """Spool and Redis are not divided by Django's test databases: divide them here."""
    data = Path(os.environ[MARK]) / worker
    os.environ.update(instance_environment(data))
    number = int(worker.removeprefix("gw")) + 1
    for name in ("REDIS_URL", "CACHE_URL"):
        if os.environ.get(name, "").startswith("unix://"):
            os.environ[name] += f"?db={number}"
