"""Reading `<data dir>/demo.env`, which the seeding writes."""

from pathlib import Path

FILE = "demo.env"


def read(data: Path) -> dict[str, str]:
    """The variables of demo.env; empty when there is none."""
    path = data / FILE
    if not path.exists():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip().removeprefix("export "): value.strip().strip("\"'") for name, value in pairs}


def lines(demo: dict[str, str], data: Path) -> list[str]:
    """What to show of it on the terminal."""
    shown = [("Sign in", "FLYWHEEL_EMAIL"), ("Password", "FLYWHEEL_PASSWORD"), ("API key", "FLYWHEEL_API_KEY")]
    table = [f"  {label:<10}{demo[name]}" for label, name in shown if name in demo]
    return [*table, f"  (also in {data / FILE})"] if table else []
