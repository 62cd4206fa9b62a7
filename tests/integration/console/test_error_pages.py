"""What people see when something goes wrong: what to do next, and nothing of the inside."""

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from apps.accounts.domain.roles import Role
from apps.console import views
from tests.factories.accounts import make_member, make_project


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(make_project(), Role.VIEWER))
    return client


def test_a_missing_page_says_where_to_go(viewer: Client) -> None:
    answer = viewer.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


@pytest.mark.django_db
def test_a_role_that_is_too_low_is_named() -> None:
    project = make_project()
    client = Client()
    client.force_login(make_member(project, Role.VIEWER))
    answer = client.get(f"/p/{project.slug}/settings/audit/")
    assert answer.status_code == 403
    assert "yours in Harbor is Viewer" in answer.content.decode()


def test_a_forged_form_is_refused_in_words(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a@example.com"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_a_broken_page_shows_no_trace_of_the_inside(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection to server at 10.1.2.3 failed: secret detail")

    monkeypatch.setattr("apps.console.views.owns_something", fail)
    answer = viewer.get("/design/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_the_error_page_itself_asks_the_database_nothing() -> None:
    """Without the db fixture every query fails, as it would with Postgres away."""
    answer = views.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "The gateway runs apart from these pages" in answer.content.decode()
