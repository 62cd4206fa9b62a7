"""manage.py ship_spans: moves the records of this machine's spool to Postgres until it is told to stop."""

import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.tracing.engine.crew import Crew
from apps.tracing.queries import shipping

LONGEST_WAIT = 60.0


class Command(BaseCommand):
    help = "Move records from the spool to Postgres. Runs until SIGTERM, then ships what is left and ends."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Ship what is there now, then end.")
        parser.add_argument("--check", action="store_true", help="Ship nothing; fail when shipping does not keep up.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            check_that_it_keeps_up()
            return
        crew = Crew(settings.SPOOL_DIR)
        if options["once"]:
            crew.drain()
            if crew.watch.away:
                raise CommandError("Postgres can't be reached; the records stay in the spool.")
            return
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        crew.run(stop)


def check_that_it_keeps_up() -> None:
    """CommandError when no shipper is at work, or when records have been waiting for over a minute."""
    seen = shipping()
    if not seen.running:
        raise CommandError("No shipper is at work on this spool.")
    if seen.lag_seconds > LONGEST_WAIT:
        raise CommandError(
            f"Records have been waiting for up to {seen.lag_seconds:.0f} s ({seen.backlog_bytes} bytes)."
        )
