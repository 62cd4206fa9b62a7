"""What the engine is started with, and the checks that need no model library."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from apps.serving.domain.model_folders import complaint_about_folder

TOKEN_VARIABLE = "FLYWHEEL_ENGINE_TOKEN"
SPOOL_VARIABLE = "FLYWHEEL_SPOOL_DIR"


class StartProblem(ValueError):
    """The engine cannot start as asked; the message says why in one sentence."""


class ModelFolder(msgspec.Struct, frozen=True):
    """A folder in Hugging Face layout and the name under which it is served."""

    name: str
    path: Path


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """max_batch: sequences that generate together, per model. max_queue: requests that may wait, per model.

    max_context: upper limit in tokens for prompt and answer together; None takes the model's own.
    token: bearer token that callers of /v1/* must show; empty means none is asked for.
    drain_seconds: how long answers in progress may go on after SIGTERM.
    spool_dir: where spans are written; None writes none.
    adapters_dir: LoRA adapters are loaded from its sub-folders, at the start and later; it may not exist yet.
    """

    folders: tuple[ModelFolder, ...]
    host: str = "127.0.0.1"
    port: int = 8100
    max_batch: int = 8
    max_queue: int = 32
    max_context: int | None = None
    threads: int = 1
    device: str = "auto"
    drain_seconds: float = 5.0
    token: str = ""
    spool_dir: Path | None = None
    adapters_dir: Path | None = None


def settings_from(arguments: list[str] | None = None) -> EngineSettings:
    """Command line and environment as settings; StartProblem names what is missing."""
    options = _parser().parse_args(arguments)
    spool = os.environ.get(SPOOL_VARIABLE, "")
    return EngineSettings(
        folders=_named_folders(options.model, options.name or []),
        host=options.host,
        port=options.port,
        max_batch=options.max_batch,
        max_queue=options.max_queue,
        max_context=options.max_context,
        threads=options.threads,
        device=options.device,
        drain_seconds=options.drain,
        token=_token(),
        spool_dir=Path(spool) if spool else None,
        adapters_dir=options.adapters.resolve() if options.adapters else None,
    )


def _token() -> str:
    """From the environment or, as with every secret, from the file that NAME_FILE points at."""
    if path := os.environ.get(f"{TOKEN_VARIABLE}_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get(TOKEN_VARIABLE, "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_engine", description=__doc__)
    add = parser.add_argument
    add("--model", action="append", type=Path, required=True, metavar="DIR", help="model folder; may be repeated")
    add("--name", action="append", help="name of the model at the same position; default: the folder's name")
    add("--adapters", type=Path, metavar="DIR", help="folder of LoRA adapters, one sub-folder each; may not exist yet")
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8100)
    add("--max-batch", type=_at_least(1), default=8, help="sequences that generate together, per model")
    add("--max-queue", type=_at_least(0), default=32, help="requests that may wait, per model; more get 429")
    add("--max-context", type=_at_least(16), help="cap on the model's own context length, in tokens")
    add("--threads", type=_at_least(1), default=1, help="CPU threads of the model library")
    add("--device", choices=["auto", "cpu", "cuda"], default="auto")
    add("--drain", type=float, default=5.0, metavar="SECONDS", help="how long answers may finish after SIGTERM")
    return parser


def _at_least(minimum: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < minimum:
            raise argparse.ArgumentTypeError(f"must be at least {minimum}")
        return value

    return number


def _named_folders(paths: list[Path], names: list[str]) -> tuple[ModelFolder, ...]:
    if len(names) > len(paths):
        raise StartProblem(f"{len(names)} names were given for {len(paths)} model folders.")
    named = names + [path.resolve().name for path in paths[len(names) :]]
    twice = {name for name in named if named.count(name) > 1}
    if twice:
        raise StartProblem(f"Two models would be called {min(twice)!r}; tell them apart with --name.")
    return tuple(ModelFolder(name, _checked_folder(path)) for name, path in zip(named, paths, strict=True))


def _checked_folder(path: Path) -> Path:
    if complaint := complaint_about_folder(path):
        raise StartProblem(complaint)
    return path.resolve()
