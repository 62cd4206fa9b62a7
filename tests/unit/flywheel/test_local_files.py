"""The small files around an instance: demo.env, logs, socket folders, free space."""

import shutil
import stat
from pathlib import Path

import pytest

from apps.console.demo.env import read_demo_env
from flywheel.local import demo_env
from flywheel.local.disk import mentions_full_disk, require_space
from flywheel.local.logs import rotate
from flywheel.local.problems import Problem
from flywheel.local.sockets import LONGEST_SOCKET_PATH, remove_socket_folder, socket_folder


def test_demo_env_shows_what_signs_in(tmp_path):
    (tmp_path / "demo.env").write_text("# demo\nFLYWHEEL_EMAIL=demo@example.org\nFLYWHEEL_API_KEY=fw=1\n\n")
    demo = read_demo_env(tmp_path)
    assert demo == {"FLYWHEEL_EMAIL": "demo@example.org", "FLYWHEEL_API_KEY": "fw=1"}
    shown = "\n".join(demo_env.lines(demo, tmp_path))
    assert "demo@example.org" in shown
    assert "fw=1" in shown
    assert str(tmp_path / "demo.env") in shown


def test_without_demo_env_nothing_is_shown(tmp_path):
    assert demo_env.lines(read_demo_env(tmp_path), tmp_path) == []


def test_three_older_logs_are_kept(tmp_path):
    for start in range(5):
        (tmp_path / "web.log").write_text(f"start {start}")
        rotate(tmp_path)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"web.log.1": "start 4", "web.log.2": "start 3", "web.log.3": "start 2"}


def test_a_short_and_plain_path_holds_its_sockets():
    assert socket_folder(Path("/srv/flywheel/valkey"), "queue.sock") == Path("/srv/flywheel/valkey")


@pytest.mark.parametrize("name", ["x" * 120, "with blank", "comma,comma"])
def test_other_paths_get_a_private_short_folder_that_is_used_again(tmp_path, name):
    data = tmp_path / name
    data.mkdir()
    folder = socket_folder(data, "queue.sock")
    try:
        assert len(str(folder / "queue.sock")) < LONGEST_SOCKET_PATH
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert socket_folder(data, "queue.sock") == folder
    finally:
        remove_socket_folder(folder, data)
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == [data]


def test_a_socket_folder_that_others_may_enter_is_not_used_again(tmp_path):
    data = tmp_path / "with blank"
    data.mkdir()
    first = socket_folder(data, "queue.sock")
    first.chmod(0o777)
    second = socket_folder(data, "queue.sock")
    assert second != first
    remove_socket_folder(second, data)
    first.rmdir()


def test_a_nearly_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 12 * 1024**2}))
    with pytest.raises(Problem, match=r"Only 12 MB are free .* FLYWHEEL_DATA_DIR="):
        require_space(tmp_path)


def test_a_full_disk_is_recognised_in_the_words_of_a_server():
    assert mentions_full_disk('FATAL:  could not write lock file "postmaster.pid": No space left on device')
    assert not mentions_full_disk("FATAL:  role does not exist")
