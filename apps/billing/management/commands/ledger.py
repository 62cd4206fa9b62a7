"""manage.py ledger: computes costs again, and settles calls from a provider's own count."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Project
from apps.accounts.services import Actor
from apps.billing.domain.invoice_csv import BadInvoice
from apps.billing.domain.repriced import ModelRepriced, Repriced
from apps.billing.services import reprice_now, settle_from_invoice, upload_invoice
from llmkit.money import format_nano

ROW = "{:<40} {:>10} {:>10} {:>10} {:>14} {:>14} {:>14}"


class Command(BaseCommand):
    help = "Reprice calls of the ledger, or settle them from a provider's own count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        reprice = parts.add_parser("reprice", help="compute costs again with the prices that hold now")
        reprice.add_argument("--from", dest="start", required=True, type=moment, metavar="TIME", help="ISO 8601, UTC")
        reprice.add_argument("--to", dest="end", required=True, type=moment, metavar="TIME", help="not included")
        reprice.add_argument("--project", metavar="SLUG", help="default: every project")
        reprice.add_argument("--model", default="", help="as callers say it; default: all")
        reprice.add_argument("--dry-run", action="store_true", help="write nothing, only tell")
        settle = parts.add_parser("settle", help="settle calls of which only the provider knows the cost")
        settle.add_argument("--csv", required=True, type=Path, metavar="FILE", help="one line per request")
        settle.add_argument("--project", required=True, metavar="SLUG")
        settle.add_argument("--provider", default="", help="whose file it is; default: of any provider")
        settle.add_argument(
            "--release-missing", action="store_true", help="release calls of these days that the file doesn't hold"
        )
        for part in (reprice, settle):
            part.add_argument("--json", type=Path, metavar="PATH", help="also write the figures there")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            figures = self.reprice(options) if options["part"] == "reprice" else self.settle(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            options["json"].write_text(json.dumps({"ratios": {}, "figures": figures, "machine": {}}, indent=2))

    def reprice(self, options: dict[str, Any]) -> dict[str, Any]:
        projects = [project_of(options["project"])] if options["project"] else Project.objects.order_by("slug")
        figures = {}
        self.stdout.write(
            ROW.format("project / model", "calls", "changed", "unpriced", "before", "after", "difference")
        )
        for project in projects:
            found = reprice_now(
                actor=Actor(),
                project=project,
                start=options["start"],
                end=options["end"],
                model=options["model"],
                dry_run=options["dry_run"],
                progress=self.progress_of(project),
            )
            self.show(project, found)
            figures[project.slug] = found.as_json()
        if options["dry_run"]:
            self.stdout.write("Nothing was written: this was a dry run.")
        return {"dry_run": options["dry_run"], "projects": figures}

    def progress_of(self, project: Project) -> Callable[[int, int], None]:
        """A line every tenth of the way through a ledger that takes long."""
        tenths = 0

        def tell(done: int, total: int) -> None:
            nonlocal tenths
            if total >= 10_000 and done * 10 // total > tenths:
                tenths = done * 10 // total
                self.stderr.write(f"{project.slug}: {done:,} of {total:,} calls")

        return tell

    def show(self, project: Project, found: Repriced) -> None:
        for name in sorted(found.models):
            self.stdout.write(line_of(f"{project.slug} / {name}", found.models[name]))
        self.stdout.write(line_of(project.slug, found.whole))

    def settle(self, options: dict[str, Any]) -> dict[str, Any]:
        project = project_of(options["project"])
        try:
            data = options["csv"].read_bytes()
            invoice = upload_invoice(
                actor=Actor(), project=project, name=options["csv"].name, provider=options["provider"], data=data
            )
        except OSError as error:
            raise CommandError(f"{options['csv']} can't be read: {error.strerror}.") from error
        except BadInvoice as error:
            raise CommandError("\n".join(error.problems)) from error
        outcome = settle_from_invoice(actor=Actor(), invoice=invoice, release_missing=options["release_missing"])
        for name, value in outcome.as_json().items():
            shown = format_nano(value) if name.endswith("_nano") else f"{value:,}"
            self.stdout.write(f"{name.removesuffix('_nano').replace('_', ' '):>20}  {shown}")
        return outcome.as_json()


def moment(text: str) -> datetime:
    """argparse reports a ValueError as one sentence that names the option."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def project_of(slug: str) -> Project:
    project = Project.objects.select_related("organisation").filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project with the slug {slug!r}.")
    return project


def line_of(name: str, figures: ModelRepriced) -> str:
    money = map(format_nano, (figures.before_nano, figures.after_nano, figures.difference_nano))
    return ROW.format(name[:40], figures.calls, figures.changed, figures.unpriced, *money)
