import json
import os
import stat

import pytest

from flywheel.local import attach


@pytest.fixture
def running(tmp_path, monkeypatch):
    """The data directory of an instance that runs."""
    (tmp_path / "run").mkdir()
    attach.publish(tmp_path, {"DATABASE_URL": "postgresql://local", "REDIS_URL": "unix:///local"})
    monkeypatch.setenv("FLYWHEEL_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("REDIS_URL", "redis://given")
    return tmp_path


def test_a_command_adopts_what_is_not_set(running):
    attach.adopt_running_instance()
    assert (os.environ["DATABASE_URL"], os.environ["REDIS_URL"]) == ("postgresql://local", "redis://given")


def test_a_given_database_is_kept(running, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://given")
    attach.adopt_running_instance()
    assert os.environ["DATABASE_URL"] == "postgresql://given"


def test_nothing_happens_without_a_running_instance(running):
    attach.withdraw(running)
    attach.adopt_running_instance()
    assert "DATABASE_URL" not in os.environ


def test_a_killed_instance_is_not_adopted(running):
    published = json.loads((running / attach.FILE).read_text())
    published["supervisor"] = f"{os.getpid()} 1 00000000"
    (running / attach.FILE).write_text(json.dumps(published))
    attach.adopt_running_instance()
    assert "DATABASE_URL" not in os.environ


def test_the_published_environment_is_private(running):
    assert stat.S_IMODE((running / attach.FILE).stat().st_mode) == 0o600
