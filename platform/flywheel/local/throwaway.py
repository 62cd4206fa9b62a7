"""Services that live for one command or one test session, and leave nothing behind."""

import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flywheel.local.guard import guarded
from flywheel.local.locks import DirectoryLock
from flywheel.local.services import Services

PREFIX = "flywheel-throwaway-"


@contextmanager
def throwaway_instance(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment of an instance with its own services (unless `given` names some), secrets and data."""
    remove_abandoned()
    folder = make_folder()
    lock = DirectoryLock(folder)
    lock.acquire()
    services = Services(folder, given, durable=False)
    with guarded():
        try:
            services.start()
            yield services.environment() | instance_environment(folder / "instance")
        finally:
            services.stop()
            lock.release()
            remove(folder)


def instance_environment(data: Path) -> dict[str, str]:
    """Directories below `data` and secrets that nobody keeps."""
    data.mkdir(exist_ok=True)
    (data / "spool").mkdir(exist_ok=True)
    return {
        "FLYWHEEL_DATA_DIR": str(data),
        "FLYWHEEL_SPOOL_DIR": str(data / "spool"),
        "FLYWHEEL_SECRET_KEY": secrets.token_urlsafe(48),
        "FLYWHEEL_ENCRYPTION_KEYS": new_encryption_key(),
    }


def new_encryption_key() -> str:
    """A Fernet key."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def make_folder() -> Path:
    """A new folder; root's is open for passing through, because Postgres runs as another account."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    return folder


def remove_abandoned() -> None:
    """Remove the folders of earlier sessions that were killed: those of this user that nobody locks any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.stat().st_uid != os.geteuid() or not (folder / "lock").exists():
            continue
        lock = DirectoryLock(folder)
        if lock.acquire():
            lock.release()
            remove(folder)


def remove(folder: Path) -> None:
    """Remove the folder and, where Postgres could not live in it, its database elsewhere."""
    elsewhere = folder / "postgres" / "data"
    if elsewhere.is_symlink():
        shutil.rmtree(elsewhere.readlink().parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
