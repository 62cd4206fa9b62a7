"""`python -m apps.evaluation.runner FOLDER`: the process of an evaluation's job. FOLDER holds its spec.json."""

import json
import os
import sys
from pathlib import Path
from uuid import UUID

import django

from apps.compute.domain.reporting import Reporter


def main(folder: Path) -> int:
    # First of all: from here on, what anything prints goes to the log and not among the events.
    reporter = Reporter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flywheel.settings")
    django.setup()
    from apps.evaluation.engine.running import run_evaluation

    spec = json.loads((folder / "spec.json").read_text())
    return run_evaluation(UUID(spec["evaluation_id"]), reporter)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
