import os
import stat

import pytest

from flywheel.local.instance import ROOT, Instance
from flywheel.local.problems import Problem


@pytest.fixture
def instance(tmp_path):
    instance = Instance(data=tmp_path / "data", host="127.0.0.1", port=8000)
    instance.prepare()
    return instance


def test_the_defaults_are_the_documented_ones():
    instance = Instance.from_environment({})
    assert (instance.data, instance.url) == (ROOT / ".flywheel", "http://127.0.0.1:8000")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80 80"])
def test_an_impossible_port_is_named(port):
    with pytest.raises(Problem, match=f"FLYWHEEL_PORT={port} is not a port"):
        Instance.from_environment({"FLYWHEEL_PORT": port})


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:9"), ("::", "http://[::1]:9"), ("box.example", "http://box.example:9")],
)
def test_the_url_can_be_opened_on_this_machine(tmp_path, host, url):
    assert Instance(data=tmp_path, host=host, port=9).url == url


def test_secrets_are_private_and_stay_the_same(instance):
    before = {path.name: path.read_text() for path in instance.secrets.iterdir()}
    assert set(before) == {"django", "encryption-keys"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in instance.secrets.iterdir()} == {0o600}
    assert stat.S_IMODE(instance.secrets.stat().st_mode) == 0o700
    instance.prepare()
    assert {path.name: path.read_text() for path in instance.secrets.iterdir()} == before


def test_two_instances_have_different_secrets(instance, tmp_path):
    other = Instance(data=tmp_path / "other", host="127.0.0.1", port=8001)
    other.prepare()
    assert (other.secrets / "django").read_text() != (instance.secrets / "django").read_text()


def test_others_cannot_list_the_data_directory(instance):
    assert not stat.S_IMODE(instance.data.stat().st_mode) & 0o066


def test_secrets_reach_the_processes_as_files(instance):
    environment = instance.environment({})
    assert environment["FLYWHEEL_SECRET_KEY_FILE"] == str(instance.secrets / "django")
    assert "FLYWHEEL_SECRET_KEY" not in environment


def test_what_the_user_set_is_not_overruled(instance):
    given = {"FLYWHEEL_SECRET_KEY": "mine", "FLYWHEEL_PUBLIC_URL": "https://ops.example"}
    environment = instance.environment(given)
    assert "FLYWHEEL_SECRET_KEY_FILE" not in environment
    assert "FLYWHEEL_PUBLIC_URL" not in environment


def test_a_second_lock_names_the_first_holder(instance):
    first = instance.lock()
    with pytest.raises(Problem, match=f"Another Flywheel \\(process {os.getpid()}\\) already runs on"):
        instance.lock()
    first.release()
    instance.lock().release()


def test_a_data_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="cannot be written by this user"):
        Instance(data=tmp_path / "file" / "data", host="127.0.0.1", port=8000).prepare()
