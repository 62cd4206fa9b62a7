"""Every page of the whole site, tried by those who may not enter it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from ninja.operation import PathView

from apps.accounts.domain.roles import Role
from apps.accounts.services import open_project
from flywheel.api import api
from flywheel.urls import urlpatterns as real_urls
from tests.factories.accounts import make_user
from tests.helpers.doors import Address, addresses, complaints_about

pytestmark = pytest.mark.django_db

# Pages that a stranger may open, each for a reason of its own.
PUBLIC = {
    "healthz",
    "accounts:root",
    "accounts:sign_in",
    "accounts:setup",
    "accounts:invitation",
    "accounts:reset",
    # The example product and the widget stand in other people's pages.
    "demo:product",
    "demo:ask",
    "feedback:widget",
}
# Operations of the JSON API that ask for no key.
KEYLESS: set[str] = set()


def of_projects(urlconf: Any = None) -> list[Address]:
    return [address for address in addresses(urlconf) if "project_slug" in address.converters]


@pytest.mark.parametrize("address", of_projects(), ids=lambda address: address.name)
def test_a_page_of_a_project_opens_only_to_its_members_with_the_role_it_asks_for(address: Address) -> None:
    assert complaints_about(address) == []


def test_every_project_page_is_found_by_the_walk() -> None:
    assert {"accounts:members", "accounts:keys", "accounts:audit"} <= {address.name for address in of_projects()}


def test_every_page_that_is_not_listed_as_public_sends_strangers_to_the_sign_in_page() -> None:
    make_user()
    open_to_all = set()
    for address in addresses():
        if address.name.startswith("api:") or address.name in PUBLIC:
            continue
        answer = Client().get(address.url())
        if answer.status_code != 302 or not answer["Location"].startswith("/sign-in/"):
            open_to_all.add(address.name)

    assert open_to_all == set()


def test_every_operation_of_the_api_asks_for_a_key() -> None:
    views: list[tuple[str, PathView]] = [
        (f"{prefix}{path_}", view) for prefix, router in api._routers for path_, view in router.path_operations.items()
    ]
    keyless = {
        f"{method} {path_}"
        for path_, view in views
        for operation in view.operations
        for method in operation.methods
        if not operation.auth_callbacks and not operation.auth_param
    }

    assert views
    assert keyless == KEYLESS


def careless(request: HttpRequest, project_slug: str) -> HttpResponse:
    return HttpResponse("everybody's figures")


def careful(request: HttpRequest, project_slug: str) -> HttpResponse:
    return HttpResponse(str(open_project(request, project_slug, at_least=Role.ADMIN)))


def late(request: HttpRequest, project_slug: str) -> HttpResponse:
    """Asks, but for reading only; whoever posts gets past it."""
    if request.method == "GET":
        open_project(request, project_slug)
    return HttpResponse("changed")


class Planted:
    """A URL map with the real pages and three more."""

    urlpatterns = [
        path("p/<slug:project_slug>/careless/", careless, name="careless"),
        path("p/<slug:project_slug>/careful/", careful, name="careful"),
        path("p/<slug:project_slug>/late/", late, name="late"),
        path("", include(real_urls)),
    ]


@pytest.mark.parametrize(("name", "fits"), [("careless", False), ("late", False), ("careful", True)])
def test_the_walk_finds_a_view_that_forgets_the_door(settings: Any, name: str, fits: bool) -> None:
    settings.ROOT_URLCONF = Planted
    planted = next(address for address in of_projects(Planted) if address.name == name)

    assert (complaints_about(planted) == []) is fits
