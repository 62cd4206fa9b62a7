"""One engine with two models for most tests, and a small one with a token, a spool and room for two requests."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.functional.engine.folders import build_folder
from tests.functional.engine.running import RunningEngine

TOKEN = "engine-token"


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """A model with a context long enough that a test can leave it in the middle of an answer."""
    return build_folder(tmp_path_factory.mktemp("engine") / "wanderer", context=32768)


@pytest.fixture(scope="session")
def engine(folder, tmp_path_factory) -> Iterator[RunningEngine]:
    logs = tmp_path_factory.mktemp("engine-log")
    narrow = build_folder(logs / "narrow", context=64)
    running = RunningEngine(logs / "engine.log", ["--model", str(folder), "--model", str(narrow)])
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def small_engine(folder, tmp_path_factory) -> Iterator[RunningEngine]:
    home = tmp_path_factory.mktemp("small-engine")
    environment = {"FLYWHEEL_ENGINE_TOKEN": TOKEN, "FLYWHEEL_SPOOL_DIR": str(home / "spool")}
    arguments = ["--model", str(folder), "--name", "solo", "--max-batch", "1", "--max-queue", "1"]
    running = RunningEngine(home / "engine.log", arguments, environment)
    running.spool = home / "spool"
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


@pytest.fixture
def client(engine) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{engine.url}/v1", api_key="unused", max_retries=0) as opened:
        yield opened
