"""The page that shows the lab's last result."""

from typing import Any

import pytest
from django.urls import path

from apps.gateway.lab.keeping import NAME, keep
from apps.gateway.lab.page import lab
from flywheel.urls import urlpatterns as all_others
from tests.factories.accounts import browser, make_member, make_project

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [path("p/<slug:project_slug>/gateway/lab/", lab), *all_others]
HOSTILE = '<script>alert("x")</script>'


def row(name: str, outcome: str, seen: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "group": "Usage",
        "requirement": 5,
        "title": f"Title of {name}",
        "peers": "",
        "outcome": outcome,
        "seen": seen,
        "seconds": 0.1,
    }


RESULT = {
    "passed": 1,
    "failed": 1,
    "not_applicable": 1,
    "total": 2,
    "cases": [row("first", "passed"), row("second", "failed", HOSTILE), row("third", "not_applicable", "needs --x")],
    "gateway": {"url": "127.0.0.1:8000", "server": "uvicorn"},
}


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Any) -> Any:
    settings.DATA_DIR = tmp_path
    return tmp_path


def open_page(project: Any = None, user: Any = None) -> Any:
    project = project or make_project()
    return browser(user or make_member(project)).get(f"/p/{project.slug}/gateway/lab/")


def test_before_the_first_run_it_says_how_to_start_one():
    assert "manage.py gateway_lab --own" in open_page().content.decode()


def test_it_shows_failures_first_and_every_group_with_its_count():
    keep(RESULT)
    text = open_page().content.decode()
    assert "1 of 2 passed" in text
    assert text.index("What failed") < text.index("Title of second") < text.index("Title of first")
    assert "needs --x" in text


def test_what_a_gateway_answered_is_shown_as_text():
    keep(RESULT)
    text = open_page().content.decode()
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_a_file_that_cannot_be_read_is_like_none(data_dir):
    for broken in ("{", "[]", '{"at": 7}'):
        (data_dir / NAME).write_text(broken)
        assert "manage.py gateway_lab --own" in open_page().content.decode()


def test_who_is_no_member_finds_nothing():
    assert open_page(make_project(), make_member(make_project())).status_code == 404
