"""Work folders: what an attempt's process reads and writes on its worker's machine. What counts goes to the store."""

import contextlib
import shutil
from pathlib import Path

from django.conf import settings

from apps.compute.models import Attempt, Job


def folder_of(attempt: Attempt) -> Path:
    return Path(settings.JOBS_DIR) / str(attempt.job_id) / str(attempt.number)


def remove(folder: Path) -> None:
    """An attempt's folder, and its job's if that was the last one in it."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


def sweep() -> None:
    """Remove what attempts left whose worker was killed; those that run, here or elsewhere, keep theirs."""
    # Listed first: an attempt that begins meanwhile has a folder that is not in the list.
    found = [folder for folder in Path(settings.JOBS_DIR).glob("*/*") if folder.is_dir()]
    running = Job.objects.filter(state=Job.State.RUNNING).values_list("id", "attempt")
    kept = {(str(job), str(attempt)) for job, attempt in running}
    for folder in found:
        if (folder.parent.name, folder.name) not in kept:
            remove(folder)
