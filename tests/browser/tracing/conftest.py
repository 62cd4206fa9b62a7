"""A project, and its pages in the browser of somebody who belongs to it."""

import pytest

from tests.factories.accounts import make_member, make_project


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def open_page(signed_in_page, live_server, project):
    page = signed_in_page(make_member(project))

    def open_page(path):
        page.goto(f"{live_server.url}/p/{project.slug}{path}")
        return page

    return open_page
