"""What the platform adds to a finetune: `make bench-finetune`.

The same training, in turns: by hand as `python -m apps.finetuning.trainer FOLDER`, and as a run of a throw-away
instance with a pool's worker, from the claim of its job to its end. Both get the same files; the second one also
writes them, streams its log, figures and checkpoints into the database, stores the adapter and registers the model.
On a machine that does other things too, trust the CPU time of the trainer and its worker rather than the clock.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import django

from bench import machine
from flywheel.local.throwaway import throwaway_instance

if TYPE_CHECKING:
    from apps.finetuning.models import FinetuneRun

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 1800.0
MADE = ("adapter", "checkpoints")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "finetune.json")
    options = parser.parse_args()
    with throwaway_instance(os.environ) as environment, tempfile.TemporaryDirectory() as folder:
        os.environ |= environment | {"DJANGO_SETTINGS_MODULE": "flywheel.settings"}
        django.setup()
        bench = Bench(Path(folder), options.epochs)
        with worker(Path(folder) / "worker.log") as bench.worker_pid:
            rounds = [bench.round(number) for number in range(options.rounds)]
        report(rounds, bench.facts, options.json)


class Cost(NamedTuple):
    """Seconds by the clock and of CPU."""

    wall: float
    cpu: float


class Bench:
    """One project, one dataset version, one recipe; the inputs of its runs lie in a folder for the runs by hand."""

    worker_pid = 0

    def __init__(self, folder: Path, epochs: int) -> None:
        from apps.compute.services import ensure_pool
        from apps.console.demo.wheel import RECIPE
        from apps.finetuning.domain.recipe import Recipe

        self.project, self.base, self.version = furnish()
        # Two threads wait for each other: on a busy machine that would cost more than all that is measured here.
        self.pool, self.recipe = ensure_pool(name="bench"), Recipe.from_json({**RECIPE, "epochs": epochs, "threads": 1})
        self.folder = folder / "by-hand"
        self.folder.mkdir()
        self.waiting: FinetuneRun | None = self.start("run-0")
        self.plan = self.prepared(self.waiting)
        rows = self.version.splits["train"]
        self.facts = {"rows": rows, "steps": self.recipe.steps(rows), "epochs": epochs}

    def round(self, number: int) -> tuple[Cost, Cost]:
        """By hand and by the platform; they take turns at being first, beginning with the waiting run."""
        if number % 2 == 0:
            platform, hand = self.by_platform(number), self.by_hand()
        else:
            hand, platform = self.by_hand(), self.by_platform(number)
        print(
            f"round {number + 1}: by hand {hand.wall:.1f} s, by the platform {platform.wall:.1f} s",
            file=sys.stderr,
            flush=True,
        )
        return hand, platform

    def start(self, name: str) -> "FinetuneRun":
        from apps.accounts.services import Actor
        from apps.finetuning.services import start_finetune

        chosen: dict[str, Any] = {"base": self.base, "dataset_version": self.version, "pool": self.pool}
        return start_finetune(actor=Actor(), project=self.project, name=name, recipe=self.recipe, **chosen)

    def prepared(self, run: "FinetuneRun") -> Any:
        """The inputs of a run in our folder, and the command that its worker would start."""
        from apps.finetuning.engine.kind import FinetuneKind

        return FinetuneKind().prepare(run.job, self.folder, None)

    def by_hand(self) -> Cost:
        before = machine.cpu_seconds_of_family(os.getpid())
        for name in MADE:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        with (self.folder / "log").open("w") as log:
            began = time.monotonic()
            # The trainer ends when its standard input closes, so it gets one that stays open.
            with subprocess.Popen(
                self.plan.argv,
                cwd=self.folder,
                env={**os.environ, **self.plan.env},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process:
                status = process.wait(PATIENCE)
            seconds = time.monotonic() - began
        if status:
            raise SystemExit((self.folder / "log").read_text()[-3000:])
        return Cost(seconds, machine.cpu_seconds_of_family(os.getpid()) - before)

    def by_platform(self, number: int) -> Cost:
        """From the claim to the end, as the job's row has it; the CPU time of the worker and what it started."""
        run, self.waiting = self.waiting or self.start(f"run-{number}"), None
        # The worker's own start is no part of a job.
        wait_while(lambda job: job.state == "queued", run.job)
        before = machine.cpu_seconds_of_family(self.worker_pid)
        wait_while(lambda job: not job.finished, run.job)
        if run.job.state != "succeeded" or run.job.attempt != 1:
            raise SystemExit(f"The run did not succeed at once: {run.job.state} {run.job.error}")
        seconds = float((run.job.finished_at - run.job.started_at).total_seconds())
        return Cost(seconds, machine.cpu_seconds_of_family(self.worker_pid) - before)


def wait_while(holds: Callable[[Any], bool], job: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while holds(job) and time.monotonic() < deadline:
        time.sleep(0.1)
        job.refresh_from_db()


def furnish() -> tuple[Any, Any, Any]:
    """A project, the demo model as its base, and a dataset version with answers that it does not know."""
    from django.core.management import call_command

    from apps.accounts.models import Organisation, Project
    from apps.accounts.services import Actor
    from apps.console.demo.wheel import conversation
    from apps.datasets.domain.rows import Row
    from apps.datasets.services import create_dataset, make_version
    from apps.serving.domain import harbor_desk
    from apps.serving.services import add_local_folder

    call_command("migrate", verbosity=0)
    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, name="Bench", slug="bench")
    base = add_local_folder(actor=Actor(), project=project, name="tiny", folder=harbor_desk.MODEL_FOLDER)
    dataset = create_dataset(actor=Actor(), project=project, name="lessons")
    pairs = [(text, intent) for intent in harbor_desk.NEW_INTENTS for text in harbor_desk.utterances(intent, "train")]
    rows = [
        Row(messages=conversation(text, intent), split="validation" if number % 10 == 0 else "train")
        for number, (text, intent) in enumerate(pairs)
    ]
    return project, base, make_version(actor=Actor(), dataset=dataset, rows=rows)


@contextlib.contextmanager
def worker(log: Path) -> Iterator[int]:
    """The pool's, as `make up` starts it, with its process id. It idles while the training runs by hand."""
    command = [sys.executable, "-m", "celery", "--app", "flywheel", "worker", "--queues", "pool.bench"]
    command += ["--pool", "threads", "--concurrency", "1", "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--hostname", "bench@%h"]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def report(rounds: list[tuple[Cost, Cost]], facts: dict[str, int], path: Path) -> None:
    """The ratio of a round compares two neighbours in time; their median leaves out what hit only one of them."""
    print(f"\n{'':>6}{'clock':>32}{'CPU':>36}\n{'round':>6}" + f"{'by hand s':>14}{'platform s':>14}{'ratio':>8}" * 2)
    for number, (hand, platform) in enumerate(rounds, 1):
        clock = f"{hand.wall:>14.2f}{platform.wall:>14.2f}{platform.wall / hand.wall:>8.3f}"
        print(f"{number:>6}{clock}{hand.cpu:>14.2f}{platform.cpu:>14.2f}{platform.cpu / hand.cpu:>8.3f}")
    ratios = {
        "overhead": round(statistics.median(platform.wall / hand.wall for hand, platform in rounds), 4),
        "overhead_cpu": round(statistics.median(platform.cpu / hand.cpu for hand, platform in rounds), 4),
    }
    print(f"\nThe platform takes {ratios['overhead']} times as long as the trainer by hand ({facts['steps']} steps),")
    print(f"and {ratios['overhead_cpu']} times as much CPU.")
    seconds = {
        f"{name}_{kind}_s": [round(getattr(each[place], kind), 3) for each in rounds]
        for place, name in enumerate(("hand", "platform"))
        for kind in Cost._fields
    }
    document = {"ratios": ratios, "figures": {**facts, **seconds}, "machine": machine.describe()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
