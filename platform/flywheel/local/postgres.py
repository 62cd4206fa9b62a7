"""A private PostgreSQL server: created, started, stopped and recovered without anyone's help."""

import signal
from pathlib import Path
from urllib.parse import quote

from flywheel.local import accounts, cluster
from flywheel.local.binaries import postgres_programs
from flywheel.local.cluster import NAME
from flywheel.local.identity import command_line
from flywheel.local.leftovers import wait_until
from flywheel.local.problems import Problem
from flywheel.local.processes import Child
from flywheel.local.sockets import remove_socket_folder, socket_folder

SOCKET = ".s.PGSQL.5432"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# Nothing survives a crash of the machine, and nothing needs to: for tests.
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    """PostgreSQL below `folder`, on a unix socket, with the database `flywheel` and the extension `vector`.

    Only one process may use a folder at a time; whoever makes a Postgres holds a lock that sees to it. `durable=False`
    trades safety for speed. The password is kept in `password_file` (made when absent).
    """

    name = "postgres"

    def __init__(
        self,
        folder: Path | str,
        *,
        durable: bool = True,
        password_file: Path | None = None,
        logs: Path | None = None,
        records: Path | None = None,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.durable = durable
        self.password_file = password_file or self.folder / "password"
        self.log = (logs or self.folder) / "postgres.log"
        self.record = (records or self.folder) / "postgres.process"
        self.child: Child | None = None

    def start(self, timeout: float = 60.0) -> None:
        """Return once the server answers.

        Raises:
            Problem: with a sentence for the user.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.account = accounts.account_for(self.folder / "data")
        self.data = accounts.place_for(self.folder / "data", self.account)
        self.programs = accounts.programs_for(postgres_programs(), self.account, self.data.parent)
        password = cluster.make_password(self.password_file)
        if not (self.data / "PG_VERSION").exists():
            cluster.create(self.data, password, self.programs, self.account, durable=self.durable)
        cluster.require_version(self.data, self.programs)
        self.sockets = socket_folder(self.data, SOCKET, self.account)
        if self.child:  # it crashed: forget it properly first
            self.child.stop()
        self.child = self._child()
        self.child.start()
        if not wait_until(lambda: self._ready() or not self.running, timeout) or not self.running:
            lines = self.last_lines()
            self.stop()
            raise cluster.failure(self.folder, "did not start", lines)
        try:
            self._ensure_database()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout: float = 30.0) -> None:
        """Fast shutdown: open transactions are rolled back, nothing committed is lost."""
        if self.child is None:
            return
        self.child.stop(timeout)
        self.child = None
        remove_socket_folder(self.sockets, self.data)

    @property
    def url(self) -> str:
        """The libpq URL of the database; the server must have been started."""
        return self.database_url(NAME)

    def database_url(self, database: str) -> str:
        password = self.password_file.read_text()
        return f"postgresql://{NAME}:{password}@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.running

    def last_lines(self) -> str:
        return self.child.last_lines() if self.child else ""

    def note(self) -> str | None:
        """What a user who looks for the data should know."""
        if self.account is None or self.data.parent == self.folder:
            return None
        why = f"PostgreSQL runs as `{self.account.name}`, which cannot enter {self.folder}"
        return f"The database lies in {self.data}: {why}."

    def _ready(self) -> bool:
        """What pg_ctl looks at: the eighth line of postmaster.pid."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[0] == str(self.child and self.child.pid)

    def _child(self) -> Child:
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)} | ({} if self.durable else THROW_AWAY)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name=self.name,
            argv=[self.programs.postgres, "-D", str(self.data), *options],
            env=cluster.environment(),
            cwd=self.data,
            log=self.log,
            record=self.record,
            account=self.account,
            stop_signal=signal.SIGINT,
            before_start=self._clear_stale_lock,
        )

    def _clear_stale_lock(self) -> None:
        """Postgres refuses to start when a stranger has the number in postmaster.pid by now; a crash leaves that file.

        It stays when nobody has the number: Postgres then uses it to find backends that outlived their postmaster.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split("\n", 1)[0])
        command = command_line(pid)
        if str(self.data) in command:
            raise Problem(f"Another PostgreSQL (process {pid}) uses {self.data}; stop it with `kill -INT {pid}`.")
        if command:
            lock.unlink()

    def _ensure_database(self) -> None:
        mark = self.folder / "database-exists"
        if not mark.exists():
            cluster.ensure_database(self.database_url("template1"))
            mark.touch()
