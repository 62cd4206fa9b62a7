"""Invitations by link."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, Invitation, Membership, Project, User
from apps.accounts.services.invitations import LinkRefused, accept_invitation
from llmkit import clock
from tests.factories.accounts import (
    PASSWORD,
    browser,
    make_invitation,
    make_member,
    make_project,
    make_user,
    membership_of,
)
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db

NEWCOMER = {"name": "Grace", "email": "Grace@Example.com", "password": PASSWORD, "password_again": PASSWORD}


@pytest.fixture
def project() -> Project:
    return make_project()


def path(token: str) -> str:
    return reverse("accounts:invitation", args=[token])


def invite(project: Project, by: Role = Role.ADMIN, **fields: str) -> Any:
    client = browser(make_member(project, by))
    return client.post(reverse("accounts:invite", args=[project.slug]), {"role": Role.ENGINEER.value, **fields})


def token_of(answer: Any) -> str:
    return str(answer.context["link"].rstrip("/").rpartition("/")[2])


def test_the_link_is_shown_once_and_only_its_hash_is_kept(project: Project) -> None:
    answer = invite(project)
    token = token_of(answer)

    assert answer.status_code == 200
    assert f"http://testserver/invite/{token}/" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    row = Invitation.objects.get()
    assert token not in {str(value) for value in vars(row).values()}
    assert token not in str(list(AuditEvent.objects.values()))
    again = browser(make_member(project, Role.ADMIN)).get(reverse("accounts:members", args=[project.slug]))
    assert token not in again.content.decode()
    assert b"Open invitations" in again.content


def test_a_new_person_chooses_name_and_password_and_is_in(project: Project) -> None:
    token, client = token_of(invite(project)), browser()
    shown = client.get(path(token))

    answer = client.post(path(token), NEWCOMER)

    person = User.objects.get(email="grace@example.com")
    assert b"as <strong>Engineer</strong>" in shown.content
    assert answer["Location"] == "/"
    assert (person.name, membership_of(person).rank) == ("Grace", Role.ENGINEER)
    assert client.get(reverse("accounts:keys", args=[project.slug])).status_code == 200
    assert AuditEvent.objects.filter(action="invitation.accepted", actor=person).exists()


def test_an_invitation_for_an_address_makes_an_account_with_that_address(project: Project) -> None:
    token = token_of(invite(project, email="Grace@example.com"))

    browser().post(path(token), NEWCOMER | {"email": "mallory@example.com"})

    assert User.objects.filter(email="grace@example.com").exists()
    assert not User.objects.filter(email="mallory@example.com").exists()


def test_somebody_with_an_account_joins_with_it(project: Project) -> None:
    token, person = token_of(invite(project)), make_user()
    client = browser(person)

    assert b"Join as" in client.get(path(token)).content
    assert client.post(path(token))["Location"] == "/"
    assert membership_of(person).rank is Role.ENGINEER


def test_a_stranger_whose_address_has_an_account_is_asked_to_sign_in(project: Project) -> None:
    token = token_of(invite(project))
    make_user(email="grace@example.com")

    answer = browser().post(path(token), NEWCOMER)

    assert answer.status_code == 422
    assert "has an account here already" in str(answer.context["form"].errors["email"])
    assert f"/sign-in/?next={path(token)}" in answer.content.decode()


def test_an_invitation_for_somebody_else_is_not_accepted(project: Project) -> None:
    token, person = token_of(invite(project, email="grace@example.com")), make_user()
    client = browser(person)

    assert b"but you are signed in as" in client.get(path(token)).content
    assert client.post(path(token)).status_code == 410
    assert not Membership.objects.filter(user=person).exists()


def test_an_invitation_to_one_project_opens_only_that_one(project: Project) -> None:
    sister = make_project(organisation=project.organisation)
    token, person = token_of(invite(project, this_project_only="on")), make_user()
    client = browser(person)
    client.post(path(token))

    assert client.get(reverse("accounts:members", args=[project.slug])).status_code == 200
    assert client.get(reverse("accounts:members", args=[sister.slug])).status_code == 404


def test_who_has_a_role_already_keeps_the_higher_one(project: Project) -> None:
    admin, viewer = make_member(project, Role.ADMIN), make_member(project, Role.VIEWER)

    for member in (admin, viewer):
        accept_invitation(token=make_invitation(project, Role.ENGINEER).token, user=member, ip=None)

    assert membership_of(admin).rank is Role.ADMIN
    assert membership_of(viewer).rank is Role.ENGINEER


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"accepted_at": clock.now()}, "has been used already"),
        ({"withdrawn_at": clock.now()}, "has been withdrawn"),
        ({"expires_at": clock.now() - timedelta(seconds=1)}, "has expired"),
    ],
)
def test_a_link_that_is_over_says_why(project: Project, change: dict[str, Any], reason: str) -> None:
    issued = make_invitation(project)
    Invitation.objects.update(**change)

    for client in (browser(), browser(make_user())):
        for answer in (client.get(path(issued.token)), client.post(path(issued.token), NEWCOMER)):
            assert answer.status_code == 410
            assert reason in answer.content.decode()
    assert not User.objects.filter(email="grace@example.com").exists()


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "é", "x" * 2000])
def test_a_link_that_never_was_says_so(token: str) -> None:
    answer = browser().get(f"/invite/{token}/")

    assert answer.status_code == 410
    assert b"There is no such invitation" in answer.content


def test_an_admin_cannot_invite_an_owner(project: Project) -> None:
    answer = invite(project, Role.ADMIN, role=str(Role.OWNER.value))

    assert answer.status_code == 422
    assert "role" in answer.context["form"].errors
    assert not Invitation.objects.exists()


def test_an_engineer_cannot_invite(project: Project) -> None:
    assert invite(project, Role.ENGINEER).status_code == 403


def test_an_admin_of_one_project_invites_only_into_that_one(project: Project) -> None:
    client = browser(make_member(project, Role.ADMIN, this_project_only=True))

    client.post(reverse("accounts:invite", args=[project.slug]), {"role": "10"})

    assert Invitation.objects.get().project == project


def test_a_withdrawn_invitation_is_worthless(project: Project) -> None:
    issued, client = make_invitation(project), browser(make_member(project, Role.ADMIN))

    client.post(reverse("accounts:withdraw_invitation", args=[project.slug, issued.invitation.id]))

    assert b"has been withdrawn" in browser().get(path(issued.token)).content
    assert AuditEvent.objects.filter(action="invitation.withdrawn").exists()


def test_an_admin_cannot_withdraw_an_invitation_of_an_owner(project: Project) -> None:
    issued, client = make_invitation(project, Role.OWNER), browser(make_member(project, Role.ADMIN))

    answer = client.post(
        reverse("accounts:withdraw_invitation", args=[project.slug, issued.invitation.id]), follow=True
    )

    assert "cannot make anyone Owner" in said(answer)
    assert browser().get(path(issued.token)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_who_open_a_link_at_once_one_gets_in(project: Project) -> None:
    issued, people = make_invitation(project), [make_user() for _ in range(4)]

    def attempt(person: User) -> bool:
        try:
            accept_invitation(token=issued.token, user=person, ip=None)
        except LinkRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, people))

    assert sorted(results) == [False, False, False, True]
    assert Membership.objects.filter(user__in=people).count() == 1
