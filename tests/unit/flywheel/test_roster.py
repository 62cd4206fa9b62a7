import importlib.util
import sys

import pytest

from flywheel.local import roster
from flywheel.local.instance import Instance


@pytest.fixture
def instance(tmp_path):
    return Instance(data=tmp_path, host="127.0.0.1", port=8123)


def test_every_process_runs_with_the_python_of_the_supervisor_and_its_own_log(instance):
    engine = roster.Engine(port=8124, token="t")
    children = [make(instance, {}) for make in (roster.preparation, roster.web, roster.shipper, roster.worker)]
    children.append(roster.local_engine(instance, {}, engine))
    assert {child.argv[0] for child in children} == {sys.executable}
    assert [child.log.name for child in children] == [
        "prepare.log",
        "web.log",
        "shipper.log",
        "worker.log",
        "engine.log",
    ]


def test_the_web_process_listens_where_the_instance_says(instance):
    argv = roster.web(instance, {}).argv
    assert argv[argv.index("--host") + 1 : argv.index("--host") + 4] == ["127.0.0.1", "--port", "8123"]


def test_the_token_of_the_engine_is_no_argument_that_everybody_can_list(instance):
    engine = roster.Engine(port=8124, token="very-secret")
    assert "very-secret" not in " ".join(roster.local_engine(instance, engine.environment(), engine).argv)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"FLYWHEEL_ENGINE_URL": "http://gpu:8100"}, "FLYWHEEL_ENGINE_URL names another one"),
        ({"FLYWHEEL_EXTRAS": ""}, "EXTRAS leaves it out"),
    ],
)
def test_the_engine_may_be_left_out(given, reason):
    assert reason in roster.why_no_engine(given)


def test_without_torch_the_way_to_the_engine_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "make up EXTRAS=local" in roster.why_no_engine({"FLYWHEEL_EXTRAS": "local"})


def test_an_engine_without_a_model_is_not_started(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(roster, "ROOT", tmp_path)
    assert "there is no model" in roster.why_no_engine({})
