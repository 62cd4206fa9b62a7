"""`python -m flywheel.local up`: everything that Flywheel needs on one machine, in the foreground."""

import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from apps.console.demo.env import read_demo_env
from flywheel.local import attach, demo_env, preparation, roster
from flywheel.local.disk import require_space
from flywheel.local.guard import guarded
from flywheel.local.instance import Instance
from flywheel.local.leftovers import stop_leftover, wait_until
from flywheel.local.logs import rotate
from flywheel.local.ports import free_port, require_free
from flywheel.local.problems import Problem
from flywheel.local.processes import Child
from flywheel.local.progress import say, step
from flywheel.local.readiness import await_answer
from flywheel.local.services import Services
from flywheel.local.supervisor import Supervisor

CHECK_SECONDS = 0.2


class Up:
    """One run of `make up`, from the lock to the last process."""

    def __init__(self, instance: Instance, environ: Mapping[str, str]) -> None:
        self.instance = instance
        self.environ = dict(environ)
        self.services = Services(
            instance.data,
            environ,
            password_file=instance.secrets / "postgres",
            logs=instance.logs,
            records=instance.run,
        )
        self.supervisor = Supervisor()
        self.children: list[Child] = []
        self.hurry = False

    def run(self) -> None:
        """Start, serve until told to stop, stop.

        Raises:
            Problem: with a sentence for the user.
        """
        self.instance.prepare()
        lock = self.instance.lock()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        with guarded():
            try:
                self.start()
                self.serve()
            except KeyboardInterrupt:
                say()
            finally:
                self.stop()
                lock.release()

    def start(self) -> None:
        self._clear_leftovers()
        require_free(self.instance.host, self.instance.port)
        require_space(self.instance.data)
        rotate(self.instance.logs)
        say(f"Flywheel starts on {self.instance.data}")
        self._start_services()
        environment = self.environ | self.services.environment() | self.instance.environment(self.environ)
        engine = self._start_engine(environment)
        environment |= engine.environment() if engine else {}
        attach.publish(self.instance.data, _difference(environment, self.environ))
        self._start_web(environment)
        for make in (roster.shipper, roster.worker, roster.pool_worker):
            self._launch(make(self.instance, environment))
        self._await_engine(engine)
        self._announce()

    def serve(self) -> None:
        """Until a signal comes, or the terminal goes: `make` keeps that signal to itself."""
        attended = sys.stdout.isatty()
        while sys.stdout.isatty() or not attended:
            time.sleep(CHECK_SECONDS)
            self.supervisor.check()

    def stop(self) -> None:
        """First who takes requests, then who serves and stores what they left, the databases last."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_faster)
        attach.withdraw(self.instance.data)
        if not self.children and not any(service.running for service in self.services.embedded):
            return
        with step("Stopping"):
            self._stop_children({"web", "worker", "pool-worker", "prepare"})
            self._stop_children({"engine", "shipper"})
            self.services.stop()

    def _clear_leftovers(self) -> None:
        """What outlived a killed supervisor is ending by itself, but may still hold the port."""
        for record in self.instance.run.glob("*.process"):
            if not record.name.startswith(("postgres", "valkey")):
                stop_leftover(record, signal.SIGTERM)

    def _start_services(self) -> None:
        with step("Starting Postgres and Valkey"):
            self.services.start()
        for service in self.services.embedded:
            self.supervisor.watch(service)
            if note := service.note():
                say(f"  {note}")

    def _start_engine(self, environment: Mapping[str, str]) -> roster.Engine | None:
        """It loads torch for a while and needs no database: start it before the others."""
        if reason := roster.why_no_engine(self.environ):
            say(f"  Without the local engine: {reason}")
            return None
        engine = roster.Engine(port=free_port(), token=secrets.token_urlsafe(32))
        self._launch(roster.local_engine(self.instance, {**environment, **engine.environment()}, engine))
        return engine

    def _start_web(self, environment: Mapping[str, str]) -> None:
        """Prepare the database and start the web process; one after the other when there is something to migrate."""
        preparing, web = roster.preparation(self.instance, environment), roster.web(self.instance, environment)
        self.children.append(preparing)
        preparing.start()
        if not (self._cluster and preparation.is_migrated(self._cluster)):
            with step("Preparing the database"):
                preparation.finish(preparing, self._cluster)
        with step("Starting the web server"):
            self._launch(web)
            await_answer(web, f"{self.instance.url}/healthz")
            if preparing.process:
                preparation.finish(preparing, self._cluster)
        self.children.remove(preparing)

    @property
    def _cluster(self) -> Path | None:
        return self.services.postgres.folder if self.services.postgres else None

    def _await_engine(self, engine: roster.Engine | None) -> None:
        if engine is None:
            return
        try:
            with step("Loading the local model"):
                await_answer(next(child for child in self.children if child.name == "engine"), engine.health_url)
        except Problem as problem:  # everything but the demo model works without it
            say(f"  {problem}")

    def _launch(self, child: Child) -> None:
        child.start()
        self.children.append(child)
        self.supervisor.watch(child)

    def _announce(self) -> None:
        say(f"\nFlywheel is ready: {self.instance.url}\n")
        for line in demo_env.lines(read_demo_env(self.instance.data), self.instance.data):
            say(line)
        say(f"\nLogs are in {self.instance.logs}. Ctrl-C stops everything.")

    def _stop_children(self, names: set[str]) -> None:
        ending = [child for child in self.children if child.name in names]
        for child in ending:
            child.ask_to_stop()
        wait_until(lambda: self.hurry or not any(child.running for child in ending), roster.DRAIN_SECONDS + 5)
        for child in ending:
            child.stop(timeout=0.0 if child.running else 1.0)

    def _stop_faster(self, number: int, frame: FrameType | None) -> None:
        self.hurry = True


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _difference(environment: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if given.get(name) != value}


def main() -> None:
    Up(Instance.from_environment(os.environ), os.environ).run()
