"""The members page: roles, removal, and who may do what to whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, Membership, Project, User
from apps.accounts.queries import member_rows
from apps.accounts.services import Actor
from apps.accounts.services.invitations import LinkRefused, open_invitation
from apps.accounts.services.members import MemberRefused, change_role, remove_member
from tests.factories.accounts import browser, make_invitation, make_member, make_project, membership_of
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_member(project, Role.OWNER)
    return project


def url(name: str, project: Project, *args: object) -> str:
    return reverse(f"accounts:{name}", args=[project.slug, *args])


def test_members_see_who_else_is_in(project: Project) -> None:
    viewer = make_member(project, Role.VIEWER)

    page = browser(viewer).get(url("members", project))

    assert page.status_code == 200
    assert viewer.email in page.content.decode()
    assert "manages" not in page.context
    assert b"Invite somebody" not in page.content


def test_an_admin_changes_a_role(project: Project) -> None:
    admin, viewer = make_member(project, Role.ADMIN), make_member(project, Role.VIEWER)

    answer = browser(admin).post(
        url("set_role", project, membership_of(viewer).id), {"role": Role.ENGINEER.value}, follow=True
    )

    assert membership_of(viewer).rank is Role.ENGINEER
    assert f"{viewer} is now Engineer." in said(answer)
    event = AuditEvent.objects.get(action="member.role_changed")
    assert (event.actor, event.target, event.detail) == (admin, viewer.email, {"from": "Viewer", "to": "Engineer"})


@pytest.mark.parametrize(
    ("role", "of", "to"),
    [
        (Role.ADMIN, Role.ADMIN, Role.VIEWER),
        (Role.ADMIN, Role.OWNER, Role.VIEWER),
        (Role.ADMIN, Role.VIEWER, Role.OWNER),
    ],
)
def test_nobody_reaches_above_their_own_role(project: Project, role: Role, of: Role, to: Role) -> None:
    actor, other = make_member(project, role), make_member(project, of)

    answer = browser(actor).post(url("set_role", project, membership_of(other).id), {"role": to.value}, follow=True)

    assert membership_of(other).rank is of
    assert "owner" in said(answer).lower()


def test_an_owner_may_lower_another_owner(project: Project) -> None:
    first, second = make_member(project, Role.OWNER), make_member(project, Role.OWNER)

    change_role(actor=Actor(user=first), membership=membership_of(second), role=Role.VIEWER)

    assert membership_of(second).rank is Role.VIEWER


def lower(actor: Actor, membership: Membership) -> None:
    change_role(actor=actor, membership=membership, role=Role.ADMIN)


def remove(actor: Actor, membership: Membership) -> None:
    remove_member(actor=actor, membership=membership)


@pytest.mark.parametrize("change", [lower, remove])
def test_the_last_owner_stays(change: Callable[[Actor, Membership], None]) -> None:
    project = make_project()
    owner = make_member(project, Role.OWNER)
    make_member(project, Role.OWNER, this_project_only=True)
    asleep = make_member(project, Role.OWNER)
    User.objects.filter(id=asleep.id).update(is_active=False)

    with pytest.raises(MemberRefused, match="last owner"):
        change(Actor(user=owner), membership_of(owner))

    assert membership_of(owner).rank is Role.OWNER


def test_a_removed_member_is_out_at_once(project: Project) -> None:
    admin, engineer = make_member(project, Role.ADMIN), make_member(project, Role.ENGINEER)
    theirs, address = browser(engineer), url("remove_member", project, membership_of(engineer).id)
    asked = browser(admin).get(address)

    answer = browser(admin).post(address, follow=True)

    assert b"Remove " in asked.content
    assert "no longer a member" in said(answer)
    assert theirs.get(url("members", project)).status_code == 404
    assert AuditEvent.objects.filter(action="member.removed", target=engineer.email).exists()


def test_everyone_may_leave_but_not_throw_others_out(project: Project) -> None:
    first, second = make_member(project, Role.VIEWER), make_member(project, Role.VIEWER)
    client = browser(first)

    refused = client.post(url("remove_member", project, membership_of(second).id), follow=True)
    left = client.post(url("remove_member", project, membership_of(first).id))

    assert "ask one of them" in said(refused)
    assert Membership.objects.filter(user=second).exists()
    assert left["Location"] == "/"
    assert not Membership.objects.filter(user=first).exists()


def test_invitations_end_with_the_role_that_made_them(project: Project) -> None:
    owner = make_member(project, Role.OWNER)
    admin = make_member(project, Role.OWNER)
    for_owner = make_invitation(project, Role.OWNER, by=admin)
    for_viewer = make_invitation(project, Role.VIEWER, by=admin)

    change_role(actor=Actor(user=owner), membership=membership_of(admin), role=Role.ADMIN)
    with pytest.raises(LinkRefused, match="withdrawn"):
        open_invitation(for_owner.token)
    assert open_invitation(for_viewer.token)

    remove_member(actor=Actor(user=owner), membership=membership_of(admin))
    with pytest.raises(LinkRefused, match="withdrawn"):
        open_invitation(for_viewer.token)


def test_an_admin_of_one_project_has_no_say_over_the_whole_organisation(project: Project) -> None:
    admin = make_member(project, Role.ADMIN, this_project_only=True)
    everywhere = make_member(project, Role.VIEWER)
    here = make_member(project, Role.VIEWER, this_project_only=True)

    with pytest.raises(MemberRefused):
        change_role(actor=Actor(user=admin), membership=membership_of(everywhere), role=Role.ENGINEER)
    change_role(actor=Actor(user=admin), membership=membership_of(here), role=Role.ENGINEER)

    assert membership_of(everywhere).rank is Role.VIEWER
    assert membership_of(here).rank is Role.ENGINEER


def test_members_of_another_project_alone_do_not_show(project: Project) -> None:
    sister = make_project(organisation=project.organisation)
    there = make_member(sister, this_project_only=True)
    admin = make_member(project, Role.OWNER)

    page = browser(admin).get(url("members", project))

    assert there.email not in page.content.decode()
    assert browser(admin).post(url("set_role", project, membership_of(there).id), {"role": 10}).status_code == 404


def test_an_unknown_role_is_refused(project: Project) -> None:
    owner, viewer = make_member(project, Role.OWNER), make_member(project, Role.VIEWER)

    for nonsense in ("60", "", "owner"):
        answer = browser(owner).post(
            url("set_role", project, membership_of(viewer).id), {"role": nonsense}, follow=True
        )
        assert "Choose one of the roles." in said(answer)
    assert membership_of(viewer).rank is Role.VIEWER


def test_the_page_costs_the_same_for_many_members(project: Project, django_assert_max_num_queries: Any) -> None:
    owner = make_member(project, Role.OWNER)
    for _ in range(30):
        make_member(project, Role.VIEWER)

    with django_assert_max_num_queries(3):
        rows = member_rows(project, owner)

    assert len(rows) == 32
    assert sum(row.may_reset for row in rows) == 31


def test_names_of_members_are_escaped(project: Project) -> None:
    owner = make_member(project, Role.OWNER)
    User.objects.filter(id=owner.id).update(name="<script>alert(1)</script>")

    page = browser(owner).get(url("members", project)).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
