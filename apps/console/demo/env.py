"""`demo.env`: what somebody needs to try the demo, kept beside its data and readable by its owner only."""

import os
from pathlib import Path

FILE = "demo.env"
NAMES = ("FLYWHEEL_URL", "FLYWHEEL_API_KEY", "FLYWHEEL_PUBLIC_KEY", "FLYWHEEL_EMAIL", "FLYWHEEL_PASSWORD")


def read_demo_env(data_dir: Path) -> dict[str, str]:
    """The values of demo.env by name; empty when there is no demo here."""
    try:
        lines = (data_dir / FILE).read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def write_demo_env(data_dir: Path, values: dict[str, str]) -> None:
    """Replace demo.env in one step, so that a reader never sees half of it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    partial = data_dir / f"{FILE}.partial"
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.writelines(f"{name}={values[name]}\n" for name in NAMES)
    partial.rename(data_dir / FILE)
