"""Letting `manage.py` talk to a running `make up`: its environment lies in a private file of the data directory.

Light to import, since every management command passes through here.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from flywheel.local.identity import identity

FILE = Path("run") / "environment.json"
ROOT = Path(__file__).resolve().parents[3]


def publish(data: Path, environment: Mapping[str, str]) -> None:
    """Write `environment` for commands that run beside this process; it holds the database password."""
    path = data / FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"supervisor": identity(os.getpid()), "environment": dict(environment)}, indent=1))


def withdraw(data: Path) -> None:
    (data / FILE).unlink(missing_ok=True)


def adopt_running_instance() -> None:
    """Take the environment of the instance that runs on FLYWHEEL_DATA_DIR, unless DATABASE_URL is set already.

    Variables that are set stay as they are. Without a running instance nothing happens.
    """
    path = Path(os.environ.get("FLYWHEEL_DATA_DIR") or ROOT / ".flywheel") / FILE
    if "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ or not path.exists():
        return
    published = json.loads(path.read_text())
    supervisor = published["supervisor"]
    if identity(int(supervisor.split()[0])) != supervisor:  # killed before it could withdraw the file
        return
    for name, value in published["environment"].items():
        os.environ.setdefault(name, value)
