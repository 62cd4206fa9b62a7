"""The design page and the search page, signed in as an owner."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from tests.factories.accounts import make_member, make_project, make_user


@dataclass
class Desk:
    project: Project
    page: Page
    url: str

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def search(self) -> Page:
        return self.open(f"/p/{self.project.slug}/palette")


@pytest.fixture
def desk(signed_in_page: Callable[[object], Page], live_server: object) -> Desk:
    project = make_project(name="Harbor")
    owner = make_member(project, Role.OWNER, user=make_user(name="Ada Marsh"))
    return Desk(project, signed_in_page(owner), live_server.url)
