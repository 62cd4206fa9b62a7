"""The frame around the pages: which rooms and projects it shows to whom, and the search in it."""

import re

import pytest
from django.test import Client

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from tests.factories.accounts import make_member, make_project
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db


def search(project: Project, role: Role = Role.OWNER, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(make_member(project, role))
    return client


def rail_of(html: str) -> set[str]:
    aside = html[html.index('<aside class="rail">') : html.index("</aside>")]
    return set(re.findall(r'<span class="truncate">([^<]+)</span></a>', aside))


def test_the_rail_shows_rooms_that_the_role_may_enter() -> None:
    project = make_project()
    owner = rail_of(search(project).get(f"/p/{project.slug}/palette").content.decode())
    viewer = rail_of(search(project, Role.VIEWER).get(f"/p/{project.slug}/palette").content.decode())
    assert {"Home", "Members", "API keys", "Audit log"} <= owner
    assert "Members" in viewer
    assert {"API keys", "Audit log"} & viewer == set()


def test_the_switcher_lists_own_projects_only() -> None:
    project, foreign = make_project(name="Mine"), make_project(name="Theirs")
    html = search(project).get(f"/p/{project.slug}/palette").content.decode()
    assert "Mine" in html
    assert foreign.name not in html


def test_strangers_find_no_palette() -> None:
    project = make_project()
    assert search(make_project()).get(f"/p/{project.slug}/palette").status_code == 404


def test_htmx_gets_the_list_alone_and_pays_for_no_frame() -> None:
    project = make_project()
    html = search(project, HX_Request="true").get(f"/p/{project.slug}/palette?q=memb").content.decode()
    assert "<html" not in html
    assert f'href="/p/{project.slug}/settings/members/"' in html
    assert "Audit log" not in html


@pytest.mark.parametrize("digits", [8, 20, 32])
def test_a_trace_is_found_by_the_beginning_of_its_id(digits: int) -> None:
    project = make_project()
    mine, other = (make_trace(owner).trace_id.hex for owner in (project, make_project()))
    client = search(project)
    found = client.get(f"/p/{project.slug}/palette?q={mine[:digits]}").content.decode()
    assert mine in found
    assert "Traces</p>" in found
    assert "Traces</p>" not in client.get(f"/p/{project.slug}/palette?q={other}").content.decode()


def test_odd_searches_find_nothing_and_break_nothing() -> None:
    project = make_project()
    client = search(project)
    for text in ("%00", "%25", "<b>", "x" * 5000, "00000000-", "'"):
        assert client.get(f"/p/{project.slug}/palette", {"q": text}).status_code == 200


def test_the_design_page_is_for_owners() -> None:
    project = make_project()
    assert search(project, Role.OWNER).get("/design/").status_code == 200
    assert search(project, Role.ADMIN).get("/design/").status_code == 404


def test_pages_of_no_project_keep_the_rail_of_the_last_one() -> None:
    project = make_project(name="Last")
    client = search(project)
    client.get(f"/p/{project.slug}/palette")
    html = client.get("/account/").content.decode()
    assert {"Home", "Members"} <= rail_of(html)
    assert 'aria-current="page"' not in html[html.index('<aside class="rail">') : html.index("</aside>")]


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("", ["Home"]),
        ("traces/", ["Traces"]),
        ("models/connect/", ["Models"]),
        ("palette", []),
        ("settings/", ["Project"]),
    ],
)
def test_the_rail_points_at_the_room_that_a_page_lies_in(path: str, room: list[str]) -> None:
    project = make_project()
    html = search(project).get(f"/p/{project.slug}/{path}").content.decode()
    aside = html[html.index('<aside class="rail">') : html.index("</aside>")]
    assert re.findall(r'aria-current="page".*?<span class="truncate">([^<]+)</span>', aside) == room


def test_routes_and_models_are_found_by_part_of_their_name() -> None:
    project = make_project()
    model = make_model(make_provider(project), name="harbor-tiny")
    route = make_route(model, name="harbor-support")
    foreign = make_model(make_provider(make_project()), name="harbor-other")
    html = search(project).get(f"/p/{project.slug}/palette?q=ARBOR-").content.decode()
    assert f"/routes/{route.id}/" in html
    assert f"/models/{model.id}/" in html
    assert foreign.name not in html
