"""The process of a counting job: `python -m … FOLDER CHECKPOINT`. It says every number, and saves some of them.

The spec: `to` is the last number; `hold` one at which it waits for the file `gates/<attempt>`; `every` so many numbers
are saved; `starts` is a file with a line for every process that began; with `helper` it starts a process that does not
listen to SIGTERM.
"""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from apps.compute.domain.reporting import Reporter

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def main(folder: Path, checkpoint: str) -> None:
    reporter = Reporter()
    spec = json.loads((folder / "spec.json").read_text())
    count = int(Path(checkpoint, "count").read_text()) if checkpoint else 0
    with Path(spec["starts"]).open("a") as starts:
        begin(starts, f"{spec['attempt']} from {count}")
        if spec.get("helper"):
            subprocess.Popen([sys.executable, "-c", DEAF, str(folder)])
        count_up(reporter, spec, folder, count)


def count_up(reporter: Reporter, spec: dict, folder: Path, count: int) -> None:
    while count < spec["to"]:
        if count == spec["hold"]:
            wait(reporter, Path(spec["gates"]) / str(spec["attempt"]), count)
        if reporter.stopping:
            save(reporter, folder, count)
            sys.exit(75)
        count += 1
        reporter.metric(count, count=count)
        reporter.progress(count / spec["to"], stage="counting")
        if count % spec["every"] == 0:
            save(reporter, folder, count)
    reporter.result(count=count)


def wait(reporter: Reporter, gate: Path, count: int) -> None:
    print("at", count)
    while not gate.exists() and not reporter.stopping:
        time.sleep(0.01)


def save(reporter: Reporter, folder: Path, count: int) -> None:
    saved, partial = folder / f"at-{count}", folder / "partial"
    if not saved.exists():
        partial.mkdir()
        (partial / "count").write_text(str(count))
        partial.rename(saved)
    reporter.checkpoint(count, saved)


def begin(starts: TextIO, line: str) -> None:
    """Write down that this process began, and whether another one was there; the lock is kept until it ends."""
    try:
        fcntl.flock(starts, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        line += " beside another"
    starts.write(f"{line}\n")
    starts.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
