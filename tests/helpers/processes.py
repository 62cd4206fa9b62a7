"""Real server processes for functional tests: started, waited for, stopped, killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from flywheel.local.ports import free_port
from tests.helpers.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


def test_database_url() -> str:
    """The database of this test run, as another process has to name it."""
    return make_conninfo(**{**conninfo_to_dict(settings.DATABASE_URL), "dbname": connection.settings_dict["NAME"]})


test_database_url.__test__ = False


class ServerProcess:
    """`uvicorn flywheel.asgi:application` on a port of its own, on this test's database, with its own spool."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.spool = folder / "spool"
        self.log = folder / "server.log"
        self.environment = {
            **os.environ,
            "DATABASE_URL": test_database_url(),
            "DJANGO_SETTINGS_MODULE": "flywheel.settings.test",
            "FLYWHEEL_SPOOL_DIR": str(self.spool),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> "ServerProcess":
        command = [sys.executable, "-m", "uvicorn", "flywheel.asgi:application", "--port", str(self.port)]
        command += [
            "--loop",
            "uvloop",
            "--http",
            "flywheel.protocol:BoundedHttp",
            "--no-access-log",
            "--log-level",
            "warning",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        eventually(self._answers, within=30)
        return self

    def stop(self) -> None:
        """As a supervisor does it: SIGTERM, then wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False
