import pytest


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    """Artifacts of a test stay with the test."""
    artifacts = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "store", "base_url": None},
    }
    settings.STORAGES = settings.STORAGES | {"artifacts": artifacts}
