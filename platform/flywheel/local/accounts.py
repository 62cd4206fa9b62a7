"""Postgres refuses to run as root: which account runs it then, and where that account can work."""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from pathlib import Path

from flywheel.local.binaries import PostgresPrograms
from flywheel.local.problems import Problem
from flywheel.local.processes import Account, spawn_options

SYSTEM_STATE = Path("/var/lib/flywheel")
UNPRIVILEGED = ("postgres", "nobody")


def account_for(data: Path) -> Account | None:
    """None for an ordinary user; for root the owner of an existing database, else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid):
        return Account(_name_of(owner), owner, data.stat().st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Problem(
        "PostgreSQL does not run as root and this system has neither the account `postgres` nor `nobody`; create one "
        "with `useradd --system postgres`, or start Flywheel as an ordinary user."
    )


def place_for(data: Path, account: Account | None) -> Path:
    """Where the database really lies: `data`, or a folder of the system when `account` cannot reach `data`.

    In the second case `data` becomes a link, so that the place is found again and moves with nothing else.
    """
    if data.is_symlink():
        return data.readlink()
    if account is None or can_enter(data.parent, account):
        return data
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    home = SYSTEM_STATE / f"{digest}-{secrets.token_hex(3)}"
    home.mkdir(parents=True)
    for folder in (SYSTEM_STATE, home):
        folder.chmod(0o711)
    if not can_enter(home, account):
        raise Problem(
            f"PostgreSQL runs as `{account.name}`, which can enter neither {data.parent} nor {home}; choose a "
            "directory that every account may enter with FLYWHEEL_DATA_DIR=…"
        )
    data.symlink_to(home / "data")
    return home / "data"


def programs_for(programs: PostgresPrograms, account: Account | None, beside: Path) -> PostgresPrograms:
    """The given programs, or a copy in the folder `beside` when `account` cannot run them where they are."""
    if account is None or _can_run(programs, account):
        return programs
    if programs.tree is None:
        raise Problem(f"The account `{account.name}` cannot run {programs.postgres}; make it readable for all users.")
    copy = _copy(programs, programs.tree, beside / "programs")
    if not _can_run(copy, account):
        raise Problem(
            f"The account `{account.name}` cannot run programs below {beside}; choose another directory with "
            "FLYWHEEL_DATA_DIR=…"
        )
    return copy


def can_enter(folder: Path, account: Account) -> bool:
    """Whether `account` may traverse to `folder`; only a process of that account can tell."""
    return _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], account)


def _can_run(programs: PostgresPrograms, account: Account) -> bool:
    return all(_succeeds([program, "--version"], account) for program in (programs.initdb, programs.postgres))


def _copy(programs: PostgresPrograms, tree: Path, target: Path) -> PostgresPrograms:
    """Copy what initdb and postgres need in the wheel's own layout, which their library paths are relative to."""
    install = programs.bin.parent
    libraries = tree.with_name(f"{tree.name}.libs")
    wanted = f"{install.name} {(install / 'bin' / 'postgres').stat().st_size}"
    mark = target / "copied"
    if not (mark.exists() and mark.read_text() == wanted):
        shutil.rmtree(target, ignore_errors=True)
        for part in ("lib", "share"):
            shutil.copytree(install / part, target / tree.name / install.name / part, symlinks=True)
        (target / tree.name / install.name / "bin").mkdir()
        for program in (programs.initdb, programs.postgres):
            shutil.copy2(program, target / tree.name / install.name / "bin")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        _open_for_all(target)
        mark.write_text(wanted)
    return PostgresPrograms(target / tree.name / install.name / "bin", tree=target / tree.name)


def _open_for_all(folder: Path) -> None:
    """Everybody may read, and run what its owner may run."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def _succeeds(argv: list[str], account: Account) -> bool:
    try:
        answer = subprocess.run(argv, cwd="/", env={}, capture_output=True, check=False, **spawn_options(account))
    except OSError:
        return False
    return answer.returncode == 0


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
