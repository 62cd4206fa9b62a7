import json
import statistics
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.console.demo.env import read_demo_env
from apps.console.demo.replay import Replay, Tally

BAR = 30


class Command(BaseCommand):
    help = "Send simulated customers of Harbor Desk through the gateway, thumbs included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--requests", type=int, default=200)
        parser.add_argument("--concurrency", type=int, default=8)
        parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same messages and thumbs")
        parser.add_argument("--json", type=Path, metavar="PATH", help="also write the figures there")

    def handle(self, *args: Any, **options: Any) -> None:
        env = read_demo_env(settings.DATA_DIR)
        if not env:
            raise CommandError(f"There is no demo in {settings.DATA_DIR}: start it with `make up` first.")
        if options["requests"] < 1 or not 1 <= options["concurrency"] <= 256:
            raise CommandError("--requests must be at least 1 and --concurrency between 1 and 256.")
        replay = Replay(url=env["FLYWHEEL_URL"], key=env["FLYWHEEL_API_KEY"], seed=options["seed"])
        started = time.monotonic()
        tally = replay.run(
            requests=options["requests"],
            concurrency=options["concurrency"],
            on_progress=lambda tally: self.show(tally, options["requests"], time.monotonic() - started),
        )
        figures = figures_of(tally, time.monotonic() - started)
        self.stdout.write("")
        for name, value in figures.items():
            self.stdout.write(f"{name.replace('_', ' '):>22}  {value}")
        if options["json"]:
            options["json"].write_text(json.dumps({"ratios": {}, "figures": figures, "machine": {}}, indent=2))
        if tally.failures:
            raise CommandError("; ".join(f"{count} × {why}" for why, count in tally.failures.most_common(3)))

    def show(self, tally: Tally, total: int, seconds: float) -> None:
        """A bar that moves in a terminal, a line every tenth of the way in a log."""
        live = self.stdout.isatty()
        if not live and tally.done % max(total // 10, 1) and tally.done != total:
            return
        filled = BAR * tally.done // total
        left = seconds / tally.done * (total - tally.done) if tally.done else 0
        bar = f"[{'█' * filled}{'·' * (BAR - filled)}] {tally.done}/{total}"
        thumbs = f"up {tally.thumbs['up']}  down {tally.thumbs['down']}"
        start, ending = ("\r", "") if live else ("", "\n")
        self.stdout.write(f"{start}{bar}  {left:4.0f} s left  {thumbs} ", ending=ending)
        self.stdout.flush()


def figures_of(tally: Tally, seconds: float) -> dict[str, Any]:
    took = sorted(tally.seconds) or [0.0]
    return {
        "answered": tally.answered,
        "failed": tally.failures.total(),
        "right_intent": round(tally.right / max(tally.answered, 1), 3),
        "thumbs_up": tally.thumbs["up"],
        "thumbs_down": tally.thumbs["down"],
        "seconds": round(seconds, 1),
        "requests_per_second": round(tally.done / seconds, 1),
        "latency_p50_ms": round(statistics.median(took) * 1000, 1),
        "latency_p95_ms": round(took[int(0.95 * (len(took) - 1))] * 1000, 1),
    }
