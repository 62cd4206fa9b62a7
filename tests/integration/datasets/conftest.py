import pytest

from tests.factories.accounts import make_project
from tests.factories.datasets import make_dataset


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def dataset(project):
    return make_dataset(project)
