import pytest

from apps.accounts.domain.roles import Role
from tests.factories.accounts import make_member, make_project
from tests.factories.annotation import make_queue


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def queue(project):
    return make_queue(project)


@pytest.fixture
def annotator(project):
    return make_member(project, Role.ANNOTATOR)


@pytest.fixture
def engineer(project):
    return make_member(project)
