"""The processes of an instance beside its servers: what each runs and how one knows that it is up."""

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flywheel.local.instance import ROOT, Instance
from flywheel.local.processes import Child

MODEL = Path("apps/serving/tiny/model")
MODEL_NAME = "harbor-desk-tiny"
# Longer than the web process drains, shorter than anybody waits.
DRAIN_SECONDS = 10


@dataclass(frozen=True)
class Engine:
    """The local engine's address and the token that it expects; both are new at every start."""

    port: int
    token: str

    def environment(self) -> dict[str, str]:
        return {"FLYWHEEL_ENGINE_URL": f"http://127.0.0.1:{self.port}", "FLYWHEEL_ENGINE_TOKEN": self.token}

    @property
    def health_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/health"


def why_no_engine(given: Mapping[str, str]) -> str | None:
    """A reason against starting the local engine; torch is not imported to find out, that takes seconds."""
    if "FLYWHEEL_ENGINE_URL" in given:
        return "FLYWHEEL_ENGINE_URL names another one."
    if "local" not in given.get("FLYWHEEL_EXTRAS", "local").split():
        return "EXTRAS leaves it out."
    if importlib.util.find_spec("torch") is None:
        return "torch is not installed; `make up EXTRAS=local` installs it."
    if not (ROOT / MODEL / "config.json").is_file():
        return f"there is no model in {MODEL}."
    return None


def child(instance: Instance, name: str, arguments: list[str], environment: Mapping[str, str]) -> Child:
    """A Python process of this instance with its own log."""
    return Child(
        name=name,
        argv=[sys.executable, *arguments],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        log=instance.logs / f"{name}.log",
        record=instance.run / f"{name}.process",
    )


def preparation(instance: Instance, environment: Mapping[str, str]) -> Child:
    """Migrations and the demo's data; it ends by itself."""
    return child(instance, "prepare", ["-m", "flywheel.local.prepare"], environment)


def web(instance: Instance, environment: Mapping[str, str]) -> Child:
    arguments = ["-m", "uvicorn", "flywheel.asgi:application", "--loop", "uvloop"]
    arguments += ["--http", "flywheel.protocol:BoundedHttp", "--no-access-log", "--no-server-header"]
    arguments += ["--host", instance.host, "--port", str(instance.port)]
    arguments += ["--timeout-graceful-shutdown", str(DRAIN_SECONDS)]
    return child(instance, "web", arguments, environment)


def shipper(instance: Instance, environment: Mapping[str, str]) -> Child:
    return child(instance, "shipper", ["manage.py", "ship_spans"], environment)


def worker(instance: Instance, environment: Mapping[str, str]) -> Child:
    """Short tasks and the timetable, with threads: they wait more than they compute."""
    arguments = ["-m", "celery", "--app", "flywheel", "worker", "--beat", "--pool", "threads", "--concurrency", "4"]
    arguments += ["--schedule", str(instance.run / "beat-schedule"), "--loglevel", "INFO"]
    arguments += ["--without-gossip", "--without-mingle", "--hostname", "local@%h"]
    return child(instance, "worker", arguments, environment)


def pool_worker(instance: Instance, environment: Mapping[str, str]) -> Child:
    """The pool `local`: one job at a time, each in a process of its own. It saves a job before this machine stops."""
    arguments = ["-m", "celery", "--app", "flywheel", "worker", "--queues", "pool.local"]
    arguments += ["--pool", "threads", "--concurrency", "1", "--loglevel", "INFO"]
    arguments += ["--without-gossip", "--without-mingle", "--hostname", "pool-local@%h"]
    grace = {"FLYWHEEL_JOB_GRACE_SECONDS": environment.get("FLYWHEEL_JOB_GRACE_SECONDS", str(DRAIN_SECONDS - 1))}
    return child(instance, "pool-worker", arguments, {**environment, **grace})


def local_engine(instance: Instance, environment: Mapping[str, str], engine: Engine) -> Child:
    adapters = environment.get("FLYWHEEL_ADAPTERS_DIR") or str(instance.data / "adapters")
    arguments = ["-m", "apps.serving.local_engine", "--model", str(MODEL), "--name", MODEL_NAME]
    arguments += ["--adapters", adapters]
    return child(instance, "engine", [*arguments, "--port", str(engine.port)], environment)
