"""Who runs the servers: root hands Postgres to another account, everybody else runs it as themselves."""

import os
import pwd
import subprocess

import psycopg

from flywheel.local import accounts
from flywheel.local.binaries import postgres_programs, valkey_program
from flywheel.local.postgres import Postgres
from flywheel.local.processes import Account

ORDINARY = """
    import os, shutil, sys
    from pathlib import Path
    import psycopg
    from flywheel.local import accounts, postgres, valkey
    folder, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    programs, server = postgres.postgres_programs(), valkey.valkey_program()
    if os.geteuid() == 0:
        # The environment of whoever runs the tests may be closed to others: give them copies.
        account = accounts.Account("ordinary", uid, gid)
        programs = accounts.programs_for(programs, account, folder)
        server = shutil.copy(server, folder)
        os.chown(folder, uid, gid)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    postgres.postgres_programs = lambda: programs
    valkey.valkey_program = lambda: server
    database, queue = postgres.Postgres(folder / "pg", durable=False), valkey.Valkey(folder / "valkey", "queue")
    for service in (database, queue):
        service.start()
    with psycopg.connect(database.url) as connection:
        print(connection.execute("SELECT 'served'").fetchone()[0], os.geteuid(), database.data.stat().st_uid)
    for service in (queue, database):
        service.stop()
"""


def an_ordinary_user() -> pwd.struct_passwd:
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("nobody")


def test_an_ordinary_user_runs_everything_as_themselves(folder, script):
    user = an_ordinary_user()
    output = script(ORDINARY, folder, user.pw_uid, user.pw_gid).communicate()[0]
    assert output == f"served {user.pw_uid} {user.pw_uid}\n"


def test_an_ordinary_user_needs_no_other_account(folder, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert accounts.account_for(folder / "data") is None
    assert accounts.place_for(folder / "data", None) == folder / "data"


def test_programs_that_an_account_can_run_are_not_copied(folder):
    programs = postgres_programs()
    assert accounts.programs_for(programs, None, folder) == programs
    assert list(folder.iterdir()) == []


def test_a_copy_of_the_programs_runs_and_is_made_once(folder, monkeypatch):
    programs, nobody = postgres_programs(), pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    monkeypatch.setattr(accounts, "_can_run", lambda programs, account: programs.bin.is_relative_to(folder))
    copy = accounts.programs_for(programs, account, folder)
    assert subprocess.run([copy.initdb, "--version"], check=True, capture_output=True, env={}).stdout
    made = (folder / "programs" / "copied").stat().st_mtime_ns
    assert accounts.programs_for(programs, account, folder) == copy
    assert (folder / "programs" / "copied").stat().st_mtime_ns == made


def test_the_valkey_program_is_found():
    assert subprocess.run([valkey_program(), "--version"], check=True, capture_output=True).stdout


if os.geteuid() == 0:

    def test_root_in_a_closed_home_hands_postgres_to_another_account_in_a_place_that_it_can_enter(folder, monkeypatch):
        home, state = folder / "home", folder / "state"
        home.mkdir(mode=0o700)
        monkeypatch.setattr(accounts, "SYSTEM_STATE", state)
        postgres = Postgres(home / "postgres", durable=False)
        postgres.start()
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        postgres.stop()
        assert postgres.data.is_relative_to(state)
        assert postgres.data.stat().st_uid == postgres.account.uid != 0
        assert f"The database lies in {postgres.data}" in postgres.note()
        again = Postgres(home / "postgres", durable=False)
        again.start()
        with psycopg.connect(again.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        again.stop()
        assert again.data == postgres.data

    def test_root_leaves_the_database_of_an_ordinary_user_to_that_user(folder):
        (folder / "data").mkdir()
        os.chown(folder / "data", 1234, 1234)
        account = accounts.account_for(folder / "data")
        assert (account.uid, account.gid) == (1234, 1234)
