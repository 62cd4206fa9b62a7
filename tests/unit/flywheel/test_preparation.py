import pytest

from flywheel.local import preparation


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one migration, whose database lies in the same folder."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "core.txt").write_text("django==5.2\n")
    (tmp_path / "apps" / "shop" / "migrations").mkdir(parents=True)
    (tmp_path / "apps" / "shop" / "migrations" / "0001_first.py").write_text("operations = []\n")
    monkeypatch.setattr(preparation, "ROOT", tmp_path)
    return tmp_path


class Preparing:
    """Stands for the preparing process that has ended already."""

    def __init__(self, status, checkout):
        self.status, self.log = status, checkout / "logs" / "prepare.log"

    def wait(self, timeout):
        return self.status

    def last_lines(self):
        return "    django.db.utils.OperationalError: No space left on device"

    def stop(self):
        self.status = None


def test_a_new_database_is_not_migrated(checkout):
    assert not preparation.is_migrated(checkout)


def test_after_a_success_it_is_until_a_migration_is_added(checkout):
    preparation.finish(Preparing(0, checkout), checkout)
    assert preparation.is_migrated(checkout)
    (checkout / "apps" / "shop" / "migrations" / "0002_more.py").write_text("operations = [1]\n")
    assert not preparation.is_migrated(checkout)


def test_a_new_release_of_a_package_may_bring_migrations(checkout):
    preparation.finish(Preparing(0, checkout), checkout)
    (checkout / "requirements" / "core.txt").write_text("django==6.0\n")
    assert not preparation.is_migrated(checkout)


def test_a_failure_is_explained_and_not_noted_as_done(checkout):
    with pytest.raises(preparation.Problem, match=r"disk .* is full"):
        preparation.finish(Preparing(1, checkout), checkout)
    assert not preparation.is_migrated(checkout)
