"""One instance of Flywheel on this machine: its directory, address, secrets and environment."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flywheel.local.locks import DirectoryLock
from flywheel.local.problems import Problem
from flywheel.local.throwaway import new_encryption_key

ROOT = Path(__file__).resolve().parents[3]
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, not listened on)


@dataclass(frozen=True)
class Instance:
    data: Path
    host: str
    port: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Instance":
        data = Path(environ.get("FLYWHEEL_DATA_DIR") or ROOT / ".flywheel").expanduser().absolute()
        port = environ.get("FLYWHEEL_PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise Problem(f"FLYWHEEL_PORT={port} is not a port; give a number from 1 to 65535.")
        return cls(data=data, host=environ.get("FLYWHEEL_HOST") or "127.0.0.1", port=int(port))

    @property
    def url(self) -> str:
        """The address to open on this machine."""
        host = WILDCARDS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """Records of running processes."""
        return self.data / "run"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    def prepare(self) -> None:
        """Make the directory and everything in it that is missing.

        As root the directory may be passed through by other accounts, since Postgres runs as one of them; what it
        holds is private.
        """
        try:
            if not self.data.exists():
                self.data.mkdir(parents=True)
                self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.logs, self.run, self.secrets, self.spool):
                folder.mkdir(exist_ok=True, mode=0o700)
            self._make_secret("django", secrets.token_urlsafe(48))
            self._make_secret("encryption-keys", new_encryption_key())
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise Problem(
                f"{error.filename or self.data} cannot be written by this user; make it writable, or choose another "
                "directory with FLYWHEEL_DATA_DIR=…"
            ) from error

    def lock(self) -> DirectoryLock:
        """The lock of the directory, acquired."""
        lock = DirectoryLock(self.data)
        if not lock.acquire():
            raise Problem(
                f"Another Flywheel (process {lock.holder()}) already runs on {self.data}; stop it, or choose another "
                "directory with FLYWHEEL_DATA_DIR=… and another port with FLYWHEEL_PORT=…"
            )
        return lock

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """What the processes of this instance need to know; what `given` sets already is left alone."""
        wanted = {
            "DJANGO_SETTINGS_MODULE": "flywheel.settings",
            "FLYWHEEL_SPOOL_DIR": str(self.spool),
            "FLYWHEEL_PUBLIC_URL": self.url,
            "FLYWHEEL_ALLOWED_HOSTS": " ".join(self._allowed_hosts()),
        }
        wanted = {name: value for name, value in wanted.items() if name not in given}
        for name, file in (("FLYWHEEL_SECRET_KEY", "django"), ("FLYWHEEL_ENCRYPTION_KEYS", "encryption-keys")):
            if name not in given and f"{name}_FILE" not in given:
                wanted[f"{name}_FILE"] = str(self.secrets / file)
        return wanted | {"FLYWHEEL_DATA_DIR": str(self.data)}

    def _allowed_hosts(self) -> list[str]:
        hosts = ["127.0.0.1", "localhost", "[::1]"]
        if self.host in WILDCARDS:
            name = socket.gethostname()
            return [*hosts, name, *_addresses_of(name)]
        return [*hosts, f"[{self.host}]" if ":" in self.host else self.host]

    def _make_secret(self, name: str, value: str) -> None:
        path = self.secrets / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(value)


def _addresses_of(name: str) -> list[str]:
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, family=socket.AF_INET)})
    except socket.gaierror:
        return []
