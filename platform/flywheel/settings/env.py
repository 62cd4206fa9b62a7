"""Reading settings from the environment: every value is a variable, every secret may be a file."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict


def text(name: str, default: str | None = None) -> str:
    """The variable `name`, or the content of the file that `name_FILE` points at."""
    if name in os.environ:
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    if default is None:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE to a file that holds it).")
    return default


def flag(name: str, default: bool = False) -> bool:
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


def database(url: str) -> dict[str, Any]:
    """A Django database entry from a libpq URL; `?host=/path` gives a unix socket."""
    parts = conninfo_to_dict(url)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    entry: dict[str, Any] = {django: str(parts.pop(libpq, "") or "") for libpq, django in known.items()}
    # A server that hangs is given up; the usual patience is minutes.
    return {"ENGINE": "django.db.backends.postgresql", **entry, "OPTIONS": {"connect_timeout": 5, **parts}}
