"""Folders for unix sockets, whose paths the kernel limits to about a hundred bytes."""

import os
import re
import stat
import tempfile
from pathlib import Path

from flywheel.local.processes import Account

LONGEST_SOCKET_PATH = 103  # macOS holds 104 bytes with the closing zero, Linux 108.
# A comma separates hosts for libpq, and clients disagree on percent signs and blanks in URLs.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def socket_folder(preferred: Path, socket_name: str, account: Account | None = None) -> Path:
    """`preferred` when a socket's path in it is short and plain enough, else a private folder in /tmp.

    The private folder is noted in `<preferred>.socket-folder` and used again by the next start.
    """
    path = str(preferred / socket_name)
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path):
        return preferred
    owner = account.uid if account else os.geteuid()
    note = preferred.with_name(f"{preferred.name}.socket-folder")
    if note.exists() and _private(noted := Path(note.read_text()), owner):
        return noted
    folder = Path(tempfile.mkdtemp(prefix="flywheel-", dir="/tmp"))
    if account:
        os.chown(folder, account.uid, account.gid)
    note.write_text(str(folder))
    return folder


def remove_socket_folder(folder: Path, preferred: Path) -> None:
    """Remove the private folder that `socket_folder` made; it does nothing for `preferred` itself."""
    if folder == preferred:
        return
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    preferred.with_name(f"{preferred.name}.socket-folder").unlink(missing_ok=True)


def _private(folder: Path, owner: int) -> bool:
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and stat.S_IMODE(status.st_mode) == 0o700
