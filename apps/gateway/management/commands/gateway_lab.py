"""`manage.py gateway_lab`: hold a gateway, this one or another, to every edge of the protocols."""

import asyncio
import json
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.gateway.lab import keeping, own
from apps.gateway.lab.client import Address
from apps.gateway.lab.examining import UnknownCase, chosen, examine
from apps.gateway.lab.peers import CONFIGS, config_for
from apps.gateway.lab.provider.server import DEFAULT_PORT, Provider, serve
from apps.gateway.lab.runner import PASSED, Unreachable, Verdict
from apps.gateway.lab.scorecard import table_of
from apps.gateway.lab.target import Target

MODELS = ("anthropic_model", "fallback_model", "hasty_model", "cached_model")
KEYS = ("limited_key", "spent_key")


class Command(BaseCommand):
    help = "Run the gateway lab: a provider that misbehaves on purpose, and cases that any gateway can be held to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="the gateway, with or without /v1")
        parser.add_argument("--key", default="", help="a key of it")
        parser.add_argument("--model", default="lab", help="a model that the lab's provider serves (default: lab)")
        parser.add_argument("--anthropic-model", default="", help="one that it serves in Anthropic's dialect")
        parser.add_argument("--fallback-model", default="", help="one with two targets: the provider's /a/v1 and /b/v1")
        parser.add_argument("--hasty-model", default="", help="one with timeouts of a few seconds")
        parser.add_argument("--cached-model", default="", help="one with the exact cache on")
        parser.add_argument("--limited-key", default="", help="a key that may ask only a few times a minute")
        parser.add_argument("--spent-key", default="", help="a key whose budget is used up")
        parser.add_argument("--stop-pid", type=int, default=0, help="a gateway process that the last case may stop")
        parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'", help="sent each time")
        parser.add_argument("--provider-host", default="127.0.0.1", help="where the lab's provider listens")
        parser.add_argument("--provider-port", type=int, default=DEFAULT_PORT)
        parser.add_argument(
            "--own", action="store_true", help="set this installation up by itself (needs its database)"
        )
        parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="cases, or numbers of requirements")
        parser.add_argument("--json", type=Path, metavar="PATH", help="write the result there")
        parser.add_argument("--print-config", choices=sorted(CONFIGS), help="what this peer needs, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        provider_url = f"http://{options['provider_host']}:{options['provider_port']}"
        if options["print_config"]:
            self.stdout.write(config_for(options["print_config"], provider_url))
            return
        try:
            result = asyncio.run(self._run(options))
        except (UnknownCase, Unreachable, own.NoOwner) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as error:
            raise CommandError(f"The lab's provider can't listen on {provider_url}: {error}") from error
        self.stdout.write("\n".join(table_of(result)))
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=2, ensure_ascii=False))
        if options["own"]:
            keeping.keep(result)
        if result["passed"] < result["total"]:
            raise CommandError(f"{result['failed']} of {result['total']} cases failed.")

    async def _run(self, options: dict[str, Any]) -> dict[str, Any]:
        cases = chosen(options["only"])
        target = target_of(options)
        async with (
            serve(options["provider_host"], options["provider_port"]) as provider,
            set_up(target, provider, options["own"]) as ready,
        ):
            return await examine(ready, provider, cases, self._report)

    def _report(self, verdict: Verdict) -> None:
        """One character for each case, while they run."""
        self.stderr.write("." if verdict.outcome == PASSED else verdict.outcome[0], ending="")
        self.stderr.flush()


def target_of(options: dict[str, Any]) -> Target:
    """CommandError naming the option that makes no sense."""
    try:
        address = Address.of(options["url"])
    except ValueError as error:
        raise CommandError(f"--url: {error}") from error
    if not options["key"] and not options["own"]:
        raise CommandError("--key: the lab needs a key of the gateway, unless it makes one itself (--own).")
    told = {name: options[name] for name in (*MODELS, *KEYS, "key", "model", "stop_pid")}
    return Target(address=address, headers=dict(map(_header, options["header"])), **told)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CommandError(f"--header: {text!r} is not of the form 'NAME: VALUE'.")
    return name.strip().lower(), value.strip()


@asynccontextmanager
async def set_up(target: Target, provider: Provider, own_installation: bool) -> AsyncIterator[Target]:
    """The target as told or, for `--own`, with everything that this installation can be made to offer."""
    if not own_installation:
        yield target
        return
    ours = await sync_to_async(own.set_up)(provider.url)
    try:
        yield await sync_to_async(own.target_of)(ours, target)
    finally:
        await sync_to_async(ours.revoke_all)()
        await sync_to_async(connections.close_all)()
