"""What `make up` shows of `<data dir>/demo.env`, which the seeding writes."""

from pathlib import Path

from apps.console.demo.env import FILE


def lines(demo: dict[str, str], data: Path) -> list[str]:
    """What to show of it on the terminal."""
    shown = [("Sign in", "FLYWHEEL_EMAIL"), ("Password", "FLYWHEEL_PASSWORD"), ("API key", "FLYWHEEL_API_KEY")]
    table = [f"  {label:<10}{demo[name]}" for label, name in shown if name in demo]
    return [*table, f"  (also in {data / FILE})"] if table else []
