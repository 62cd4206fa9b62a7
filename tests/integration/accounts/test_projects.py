"""Further projects, and their names."""

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, Project
from apps.accounts.services import projects_of
from tests.factories.accounts import browser, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def test_an_admin_adds_a_project_to_the_organisation(project: Project) -> None:
    admin, viewer = make_member(project, Role.ADMIN), make_member(project, Role.VIEWER)

    answer = browser(admin).post(reverse("accounts:new_project", args=[project.slug]), {"name": "Boat hire"})

    made = Project.objects.get(name="Boat hire")
    assert (made.slug, made.organisation) == ("boat-hire", project.organisation)
    assert "/p/boat-hire/" in answer["Location"]
    assert made in projects_of(viewer)
    assert AuditEvent.objects.filter(action="project.created", project=made, actor=admin).exists()


@pytest.mark.parametrize(
    ("name", "slugs"), [("Desk", ["desk", "desk-2", "desk-3"]), ("帆", ["project", "project-2", "project-3"])]
)
def test_projects_of_the_same_name_get_addresses_of_their_own(project: Project, name: str, slugs: list[str]) -> None:
    client = browser(make_member(project, Role.OWNER))

    for _ in slugs:
        client.post(reverse("accounts:new_project", args=[project.slug]), {"name": name})

    assert list(Project.objects.filter(name=name).order_by("created_at").values_list("slug", flat=True)) == slugs


def test_an_admin_of_one_project_cannot_add_others(project: Project) -> None:
    client = browser(make_member(project, Role.OWNER, this_project_only=True))

    answer = client.post(reverse("accounts:new_project", args=[project.slug]), {"name": "Mine"})

    assert answer.status_code == 422
    assert "Only admins and owners of all of" in str(answer.context["form"].non_field_errors())
    assert not Project.objects.filter(name="Mine").exists()


def test_a_new_name_leaves_the_address_as_it_is(project: Project) -> None:
    client = browser(make_member(project, Role.ADMIN))

    client.post(reverse("accounts:project", args=[project.slug]), {"name": "Harbour"})

    renamed = Project.objects.get(id=project.id)
    assert (renamed.name, renamed.slug) == ("Harbour", project.slug)
    assert AuditEvent.objects.get(action="project.renamed").detail == {"from": "Harbor", "to": "Harbour"}


def test_an_engineer_cannot_rename(project: Project) -> None:
    client = browser(make_member(project, Role.ENGINEER))

    assert client.post(reverse("accounts:project", args=[project.slug]), {"name": "X"}).status_code == 403


def test_people_find_the_projects_they_may_enter(project: Project) -> None:
    sister, foreign = make_project(organisation=project.organisation), make_project()
    guest = make_member(sister, this_project_only=True)
    colleague = make_member(project)

    assert list(projects_of(guest)) == [sister]
    assert set(projects_of(colleague)) == {project, sister}
    assert list(projects_of(make_user())) == []
    assert foreign not in projects_of(colleague)
