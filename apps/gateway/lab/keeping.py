"""The last result about this installation, in its data folder, for the page."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from llmkit import clock

NAME = "gateway-lab.json"


def _place() -> Path:
    return Path(settings.DATA_DIR) / NAME


def keep(result: dict[str, Any]) -> None:
    """Written whole or not at all."""
    place = _place()
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_suffix(".new")
    new.write_text(json.dumps({**result, "at": clock.now().isoformat()}, ensure_ascii=False))
    new.replace(place)


def kept() -> dict[str, Any] | None:
    """With `at`, when it was; None where the lab has not been run yet, or where the file can't be read."""
    try:
        found = json.loads(_place().read_text())
        return {**found, "at": datetime.fromisoformat(found["at"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
