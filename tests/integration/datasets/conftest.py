from html import unescape

import pytest
from django.urls import reverse

from tests.factories.accounts import browser, make_member, make_project
from tests.factories.datasets import make_dataset


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def dataset(project):
    return make_dataset(project)


@pytest.fixture
def engineer(project):
    return make_member(project)


@pytest.fixture
def client(engineer):
    return browser(engineer)


def url(name, project, *args):
    return reverse(f"datasets:{name}", args=[project.slug, *args])


def text_of(answer):
    return unescape(answer.content.decode())
