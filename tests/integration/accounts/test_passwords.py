"""Changing a password, and links for those who forgot theirs."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, PasswordReset, Project, User
from apps.accounts.services import Actor
from apps.accounts.services.members import change_role
from apps.accounts.services.passwords import make_reset_link
from llmkit import clock
from tests.factories.accounts import PASSWORD, browser, make_member, make_project, membership_of
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db

NEW = "a completely new password"
CHANGE = {"current": PASSWORD, "password": NEW, "password_again": NEW}


@pytest.fixture
def project() -> Project:
    return make_project()


def reset_path(token: str) -> str:
    return reverse("accounts:reset", args=[token])


def ask_for_link(client: Any, project: Project, person: User, **options: Any) -> Any:
    return client.post(reverse("accounts:reset_link", args=[project.slug, membership_of(person).id]), **options)


def test_changing_the_password_keeps_this_browser_and_ends_the_others(project: Project) -> None:
    member = make_member(project)
    here, there = browser(member), browser(member)

    answer = here.post("/account/password/", CHANGE)

    member.refresh_from_db()
    assert answer["Location"] == "/account/"
    assert member.check_password(NEW)
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert [row.session_key for row in member.browser_sessions.all()] == [here.session.session_key]
    assert AuditEvent.objects.filter(action="user.password_changed", actor=member).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"current": "not it"}, "current"),
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password_again": "another"}, "password_again"),
    ],
)
def test_what_does_not_hold_is_told_beside_its_field(project: Project, change: dict[str, str], field: str) -> None:
    member = make_member(project)

    answer = browser(member).post("/account/password/", CHANGE | change)

    member.refresh_from_db()
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert member.check_password(PASSWORD)


def test_an_admin_makes_a_link_with_which_a_member_chooses_a_new_password(project: Project) -> None:
    admin, member = make_member(project, Role.ADMIN), make_member(project)
    theirs = browser(member)
    shown = ask_for_link(browser(admin), project, member)
    link = shown.context["link"].removeprefix("http://testserver")

    stranger = browser()
    assert member.email in stranger.get(link).content.decode()
    answer = stranger.post(link, {"password": NEW, "password_again": NEW}, follow=True)

    member.refresh_from_db()
    assert "no-store" in shown["Cache-Control"]
    assert member.check_password(NEW)
    assert theirs.get("/account/").status_code == 302
    assert b"Your password is set" in answer.content
    assert [event.action for event in AuditEvent.objects.order_by("at", "id") if "user.signed" not in event.action] == [
        "reset_link.created",
        "user.password_reset",
    ]


def test_a_link_works_once_and_only_the_newest(project: Project) -> None:
    owner, member = make_member(project, Role.OWNER), make_member(project)
    first = make_reset_link(actor=Actor(user=owner), person=member)
    second = make_reset_link(actor=Actor(user=owner), person=member)
    chosen = {"password": NEW, "password_again": NEW}

    assert b"replaced by a newer one" in browser().post(reset_path(first), chosen).content
    assert browser().post(reset_path(second), chosen).status_code == 302
    assert b"has been used already" in browser().post(reset_path(second), chosen).content
    assert b"There is no such link" in browser().get(reset_path("x" * 43)).content


def test_a_link_expires_after_a_day(project: Project) -> None:
    token = make_reset_link(actor=Actor(user=make_member(project, Role.OWNER)), person=make_member(project))
    assert PasswordReset.objects.get().expires_at - clock.now() > timedelta(hours=23)
    PasswordReset.objects.update(expires_at=clock.now())

    answer = browser().get(reset_path(token))

    assert (answer.status_code, b"has expired" in answer.content) == (410, True)


def test_changing_the_password_makes_links_worthless(project: Project) -> None:
    member = make_member(project)
    token = make_reset_link(actor=Actor(user=make_member(project, Role.OWNER)), person=member)

    browser(member).post("/account/password/", CHANGE)

    assert browser().get(reset_path(token)).status_code == 410


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_an_admin_gets_no_link_for_equals_and_owners(project: Project, role: Role) -> None:
    admin, other = make_member(project, Role.ADMIN), make_member(project, role)

    answer = ask_for_link(browser(admin), project, other, follow=True)

    assert "a role that you cannot manage" in said(answer)
    assert not PasswordReset.objects.exists()


def test_nobody_gets_into_another_organisation_through_a_link(project: Project) -> None:
    owner, guest = make_member(project, Role.OWNER), make_member(project, Role.VIEWER)
    elsewhere = make_project()
    elsewhere.organisation.memberships.create(user=guest, role=Role.VIEWER)
    membership = guest.memberships.get(organisation=project.organisation)

    answer = browser(owner).post(reverse("accounts:reset_link", args=[project.slug, membership.id]), follow=True)

    assert "in another organisation" in said(answer)


def test_a_link_loses_its_force_when_its_person_rises_above_its_maker(project: Project) -> None:
    owner, admin, member = (make_member(project, role) for role in (Role.OWNER, Role.ADMIN, Role.VIEWER))
    token = make_reset_link(actor=Actor(user=admin), person=member)
    change_role(actor=Actor(user=owner), membership=membership_of(member), role=Role.OWNER)

    answer = browser().post(reset_path(token), {"password": NEW, "password_again": NEW})

    member.refresh_from_db()
    assert b"may not do so any more" in answer.content
    assert member.check_password(PASSWORD)
