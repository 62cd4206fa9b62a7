import pytest

from tests.factories.accounts import make_project
from tests.factories.compute import ScriptKind, script_kind


@pytest.fixture
def kind() -> ScriptKind:
    return script_kind()


@pytest.fixture
def project():
    return make_project()


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.JOBS_DIR = tmp_path / "jobs"
    settings.JOB_HEARTBEAT_SECONDS = 0.1
    settings.JOB_GRACE_SECONDS = 5
    settings.STORAGES = settings.STORAGES | {
        "artifacts": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "artifacts", "base_url": None},
        }
    }
