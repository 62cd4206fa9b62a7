"""A store of the test's own, and an engine that takes adapters."""

import pytest

from apps.accounts.domain.roles import Role
from tests.factories.accounts import browser, make_member, make_project
from tests.factories.pipelines import make_wheel
from tests.integration.serving.conftest import engine, provider

__all__ = ["engine", "provider"]


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    """Artifacts of a test stay with the test."""
    artifacts = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "store", "base_url": None},
    }
    settings.STORAGES = settings.STORAGES | {"artifacts": artifacts}


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def wheel(project, engine):
    return make_wheel(project)


@pytest.fixture
def engineer(project):
    return browser(make_member(project, Role.ENGINEER))


@pytest.fixture
def viewer(project):
    return browser(make_member(project, Role.VIEWER))
