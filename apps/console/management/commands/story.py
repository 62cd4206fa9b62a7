import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from apps.console.demo.env import read_demo_env
from apps.console.demo.story.report import figures_of, table_of
from apps.console.demo.story.script import Story, StoryBroken

BAR = 30


class Terminal:
    """A bar that moves in a terminal; in a log, a line whenever a tenth more is done."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out, self.tenth, self.open = out, -1, False

    def act(self, title: str) -> None:
        self.close()
        self.out.write(f"\n{title}")
        self.tenth = -1

    def bar(self, done: float, note: str) -> None:
        tenth = int(done * 10)
        if not self.out.isatty() and tenth == self.tenth:
            return
        self.tenth = tenth
        filled = int(BAR * min(done, 1.0))
        line = f"  [{'█' * filled}{'·' * (BAR - filled)}] {note}"
        self.out.write(f"\r{line:<100}" if self.out.isatty() else line, ending="" if self.out.isatty() else "\n")
        self.out.flush()
        self.open = self.out.isatty()

    def close(self) -> None:
        if self.open:
            self.out.write("")
            self.open = False


class Command(BaseCommand):
    help = "Turn the demo's wheel once: traffic, thumbs, labels, a finetuned model, its exam, and the gate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("title", choices=["the-wheel"])
        parser.add_argument("--poisoned", action="store_true", help="annotators label wrongly: the gate must refuse")
        parser.add_argument("--requests", type=int, default=1200)
        parser.add_argument("--seed", type=int, default=1, help="another seed, other messages")
        parser.add_argument("--json", type=Path, metavar="PATH", help="also write the figures there")

    def handle(self, *args: Any, **options: Any) -> None:
        env = read_demo_env(settings.DATA_DIR)
        if not env:
            raise CommandError(f"There is no demo in {settings.DATA_DIR}: start it with `make up` first.")
        if options["requests"] < 1:
            raise CommandError("--requests must be at least 1.")
        terminal = Terminal(self.stdout)
        story = Story(
            stage=terminal,
            url=env["FLYWHEEL_URL"],
            key=env["FLYWHEEL_API_KEY"],
            poisoned=options["poisoned"],
            requests=options["requests"],
            seed=options["seed"],
        )
        try:
            turn = story.tell()
        except (StoryBroken, ValidationError) as problem:
            raise CommandError(str(problem)) from problem
        finally:
            terminal.close()
        figures = figures_of(story, turn)
        self.stdout.write("\n" + "\n".join(table_of(figures)))
        if options["json"]:
            options["json"].write_text(json.dumps(figures, indent=2))
        if figures["promoted"] == options["poisoned"]:
            raise CommandError("The story ended otherwise than it should: see the gate's reasons above.")
