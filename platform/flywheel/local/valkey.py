"""A private Valkey (or Redis) server on a unix socket, in one of two roles."""

import os
import signal
import socket
from pathlib import Path
from typing import Literal

from flywheel.local.binaries import valkey_program
from flywheel.local.disk import disk_full, mentions_full_disk
from flywheel.local.leftovers import wait_until
from flywheel.local.problems import Problem
from flywheel.local.processes import Child
from flywheel.local.sockets import remove_socket_folder, socket_folder

Role = Literal["queue", "cache"]

SETTINGS: dict[Role, dict[str, str]] = {
    # Messages, limits and leases: kept on disk, never pushed out.
    "queue": {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"},
    # Whatever may be lost: bounded, never written.
    "cache": {"appendonly": "no", "maxmemory": "128mb", "maxmemory-policy": "allkeys-lfu"},
}


class Valkey:
    """A server below `folder`; several roles may share the folder."""

    def __init__(
        self, folder: Path | str, role: Role = "queue", *, logs: Path | None = None, records: Path | None = None
    ) -> None:
        self.folder = Path(folder).absolute()
        self.role = role
        self.name = f"valkey-{role}"
        self.log = (logs or self.folder) / f"{self.name}.log"
        self.record = (records or self.folder) / f"{self.name}.process"
        self.data = self.folder / role
        self.child: Child | None = None

    def start(self, timeout: float = 60.0) -> None:
        """Return once the server answers, which after a crash includes reading its file again.

        Raises:
            Problem: with a sentence for the user.
        """
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.sockets = socket_folder(self.data, self._socket_name)
        if self.child:  # it crashed: forget it properly first
            self.child.stop()
        self.child = Child(
            name=self.name,
            argv=[valkey_program(), *self._options()],
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd=self.data,
            log=self.log,
            record=self.record,
            stop_signal=signal.SIGTERM,
        )
        self.child.start()
        if not wait_until(lambda: self._answers() or not self.running, timeout) or not self.running:
            self._explain_failure()

    def stop(self, timeout: float = 15.0) -> None:
        """Write what is still in memory (queue) and end."""
        if self.child is None:
            return
        self.child.stop(timeout)
        self.child = None
        remove_socket_folder(self.sockets, self.data)

    @property
    def url(self) -> str:
        """The redis-py URL; Celery's is the same with the scheme `redis+socket`."""
        return f"unix://{self.sockets / self._socket_name}"

    @property
    def _socket_name(self) -> str:
        return f"{self.role}.sock"

    def _options(self) -> list[str]:
        settings = SETTINGS[self.role] | {
            "port": "0",
            "unixsocket": str(self.sockets / self._socket_name),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "daemonize": "no",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.running

    def last_lines(self) -> str:
        return self.child.last_lines() if self.child else ""

    def note(self) -> str | None:
        """What a user who looks for the data should know: nothing."""
        return None

    def _answers(self) -> bool:
        """PONG, as opposed to no socket yet or `-LOADING` while the file is read."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.sockets / self._socket_name))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def _explain_failure(self) -> None:
        lines = self.last_lines()
        self.stop()
        if mentions_full_disk(lines):
            raise disk_full(self.folder)
        raise Problem(f"The {self.role} server did not start; its last words (see {self.log}):\n{lines}")
