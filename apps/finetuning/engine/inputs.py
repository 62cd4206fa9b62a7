"""The files that a trainer reads: what to do, and the rows of each split as JSON lines."""

import json
from pathlib import Path

from apps.datasets.models import DatasetVersion
from apps.datasets.queries import rows_of

SPEC = "spec.json"


def write_rows(version: DatasetVersion, split: str, path: Path) -> int:
    """How many there were."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows_of(version, split):
            file.write(json.dumps({"messages": row.messages}, ensure_ascii=False) + "\n")
            count += 1
    return count
