"""A Postgres of a test's own, for tests that stop it: migrated and furnished by processes like any other."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flywheel.local.postgres import Postgres
from flywheel.local.throwaway import make_folder, remove

ROOT = Path(__file__).resolve().parents[2]


class OwnDatabase:
    """`server` can be stopped and started; its data stay."""

    def __init__(self, server: Postgres) -> None:
        self.server = server

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.server.url, "DJANGO_SETTINGS_MODULE": "flywheel.settings.test"}

    def run(self, *command: str, **environment: str) -> str:
        """Run a Python command on this database to its end; its output."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env={**os.environ, **self.environment, **environment}
        )


@contextlib.contextmanager
def own_database() -> Iterator[OwnDatabase]:
    folder = make_folder()
    database = OwnDatabase(Postgres(folder / "postgres", durable=False))
    database.server.start()
    try:
        database.run("manage.py", "migrate", "--verbosity=0", "--skip-checks")
        yield database
    finally:
        database.server.stop()
        remove(folder)
