"""From the first answer of the socket to the last one after SIGTERM."""

import shutil
import subprocess
import sys

import pytest

from tests.functional.engine.running import RunningEngine
from tests.helpers.waiting import eventually

HELLO = [{"role": "user", "content": "moor"}]


@pytest.fixture
def broken_folder(folder, tmp_path):
    """All files are there, but nobody knows the architecture."""
    path = tmp_path / "broken"
    shutil.copytree(folder, path)
    (path / "config.json").write_text('{"model_type": "kettle"}')
    return path


def test_start_serve_drain_and_end(folder, broken_folder, tmp_path):
    """One engine's whole life, since each start imports the model library anew."""
    arguments = ["--model", str(folder), "--model", str(broken_folder), "--drain", "1.5"]
    engine = RunningEngine(tmp_path / "log", arguments)
    try:
        answers_while_it_loads(engine)
        serves_the_sound_model_and_names_the_broken_one(engine)
        finishes_what_is_short_and_cuts_what_is_long(engine)
    finally:
        assert engine.stop() == 0
    assert (
        "Traceback" not in engine.log.read_text().split("listening")[-1].split("is ready")[-1].split("broken could")[0]
    )


def answers_while_it_loads(engine: RunningEngine) -> None:
    health = eventually(engine.health, every=0.005)
    assert health["status"] == "loading"
    assert engine.status("/health") == 503
    status, answer, headers = engine.chat(model="wanderer", messages=HELLO)
    assert (status, answer["error"]["code"]) == (503, "model_loading")
    assert int(headers["retry-after"]) >= 1
    assert engine.metric("flywheel:model_ready") == 0


def serves_the_sound_model_and_names_the_broken_one(engine: RunningEngine) -> None:
    health = eventually(lambda: (found := engine.health())["status"] == "failed" and found, within=90)
    assert health["models"]["wanderer"]["state"] == "ready"
    assert "kettle" in health["models"]["broken"]["error"]
    assert engine.status("/health") == 503
    assert engine.chat(model="wanderer", messages=HELLO, max_tokens=3)[0] == 200
    status, answer, _ = engine.chat(model="broken", messages=HELLO)
    assert (status, answer["error"]["code"]) == (503, "model_load_failed")


def finishes_what_is_short_and_cuts_what_is_long(engine: RunningEngine) -> None:
    request = {"model": "wanderer", "messages": HELLO, "stream": True, "ignore_eos": True, "temperature": 0}
    with engine.send(request | {"max_tokens": 200}) as short, engine.send(request | {"max_tokens": 30_000}) as long:
        assert long.answer.status == 200
        engine.process.terminate()
        eventually(lambda: engine.health()["status"] == "draining")
        status, answer, _ = engine.chat(model="wanderer", messages=HELLO)
        assert (status, answer["error"]["code"]) == (503, "shutting_down")
        assert short.events()[-1] == "[DONE]"
        assert long.events()[-1]["error"]["code"] == "shutting_down"


def test_sigterm_while_the_model_is_still_being_loaded_ends_the_engine(folder, tmp_path):
    engine = RunningEngine(tmp_path / "log", ["--model", str(folder)])
    assert eventually(engine.health, every=0.005)["status"] == "loading"
    assert engine.stop() == 0


@pytest.mark.parametrize(("name", "complaint"), [("nowhere", "does not exist"), ("empty", "no config.json")])
def test_a_folder_that_is_no_model_ends_the_start_with_one_sentence(tmp_path, name, complaint):
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "apps.serving.local_engine", "--model", str(tmp_path / name)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_taken_ends_the_start(folder, engine, tmp_path):
    second = RunningEngine(tmp_path / "log", ["--model", str(folder), "--port", str(engine.port)])
    assert second.process.wait(60) != 0
    assert "address already in use" in second.log.read_text()


def test_the_engine_runs_without_django(engine):
    modules = subprocess.run(
        [sys.executable, "-c", "import sys, apps.serving.local_engine.server; print('django' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert modules.stdout.strip() == "False"
