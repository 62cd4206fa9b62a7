"""A pool's worker as a process of its own, with its timetable, on this test's database and a broker of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flywheel.local.throwaway import make_folder, remove
from flywheel.local.valkey import Valkey
from tests.helpers.processes import ROOT, test_database_url

# Short, so that a lost worker is noticed within a test's patience.
LEASE_SECONDS = 3


class PoolWorker:
    """`celery worker` for one pool. It looks every half second after jobs that nobody holds any more.

    name: tells workers in the same folder apart, which share their artifacts. kinds: a module of the tests with further
    kinds of jobs.
    """

    def __init__(self, folder: Path, pool: str, broker: Valkey, *, name: str = "", kinds: str = "") -> None:
        self.pool, self.name, self.kinds, self.folder = pool, name, kinds, folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log, self.jobs = self.folder / "worker.log", self.folder / "jobs"
        self.environment = {
            **os.environ,
            "DATABASE_URL": test_database_url(),
            "REDIS_URL": broker.url,
            "DJANGO_SETTINGS_MODULE": "flywheel.settings.test",
            "FLYWHEEL_JOBS_DIR": str(self.jobs),
            "FLYWHEEL_ARTIFACTS_DIR": str(folder / "artifacts"),
            "FLYWHEEL_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "FLYWHEEL_JOB_HEARTBEAT_SECONDS": "0.5",
            "FLYWHEEL_JOB_RECONCILE_SECONDS": "0.5",
            "OMP_NUM_THREADS": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "PoolWorker":
        command = [sys.executable, "-m", "celery", "--app", "flywheel", "worker", "--beat", "--pool", "threads"]
        command += ["--concurrency", "2", "--queues", f"celery,pool.{self.pool}"]
        command += ["--hostname", f"{self.pool}{self.name}@%h", *(["--include", self.kinds] if self.kinds else [])]
        command += [
            "--schedule",
            str(self.folder / "beat"),
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def signal(self, number: int) -> None:
        """To the worker and its timetable's process; not to the jobs' processes, which have sessions of their own."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL: no word to anybody."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None

    def stop(self) -> None:
        """As a supervisor does it: SIGTERM, then wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def trainers(self) -> list[int]:
        """Processes of the machine that work on a job of this worker, by the folder in their command."""
        entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [int(entry.name) for entry in entries if str(self.jobs) in _command(entry)]


@contextmanager
def own_broker() -> Iterator[Valkey]:
    folder = make_folder()
    broker = Valkey(folder, "queue")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
        remove(folder)


def restart_empty(broker: Valkey) -> None:
    """The machine with the broker is replaced: same address, nothing on it."""
    broker.stop()
    for path in sorted(broker.data.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    broker.start()


def _command(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
