"""Signing in and out with e-mail and password."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import AnonymousUser
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import RequestFactory
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, User, UserSession
from apps.accounts.views.entry import sign_in_page
from tests.factories.accounts import PASSWORD, browser, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"


def attempt(client: Any, email: str, password: str, **more: str) -> Any:
    return client.post(SIGN_IN, {"email": email, "password": password, **more})


def is_in(client: Any) -> bool:
    return "_auth_user_id" in client.session


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))


def test_the_right_password_leads_to_the_page_that_was_asked_for() -> None:
    member = make_member(make_project())
    client = browser()
    asked = client.get("/account/sessions/")

    answer = attempt(client, member.email, PASSWORD, next="/account/sessions/")

    assert asked["Location"] == "/sign-in/?next=/account/sessions/"
    assert (answer.status_code, answer["Location"]) == (302, "/account/sessions/")
    assert client.get("/account/sessions/").status_code == 200


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "http:evil", ""],
)
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    member = make_member(make_project())

    answer = attempt(browser(), member.email, PASSWORD, next=target)

    assert answer["Location"] == "/"


@pytest.mark.parametrize("written", ["Ada@Example.COM", " ada@example.com ", "ADA@EXAMPLE.COM"])
def test_capitals_in_the_address_do_not_matter(written: str) -> None:
    make_user(email="ada@example.com")

    assert attempt(browser(), written, PASSWORD).status_code == 302


def test_blanks_in_a_password_matter() -> None:
    user = make_user()

    assert attempt(browser(), user.email, f" {PASSWORD}").status_code == 422


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer() -> None:
    known = make_user(email="known@example.com")

    answers = [attempt(browser(), email, "not this one") for email in (known.email, "nobody@example.com")]

    texts = [re.sub(r'value="[^"]*"|content="[^"]*"', "", answer.content.decode()) for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert texts[0] == texts[1]
    assert "E-mail and password don&#x27;t match" in texts[0]


class CountingHasher(MD5PasswordHasher):
    """Counts the hashes it makes: they are what takes the time."""

    made = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.made += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("email", ["known@example.com", "nobody@example.com", "asleep@example.com"])
def test_every_refusal_costs_one_password_hash(settings: Any, email: str) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    make_user(email="known@example.com")
    User.objects.filter(id=make_user(email="asleep@example.com").id).update(is_active=False)
    CountingHasher.made = 0

    assert attempt(browser(), email, "not this one").status_code == 422

    assert CountingHasher.made == 1


def test_an_inactive_user_is_refused_like_an_unknown_one() -> None:
    user = make_user()
    User.objects.filter(id=user.id).update(is_active=False)

    answer = attempt(browser(), user.email, PASSWORD)

    assert answer.status_code == 422
    assert b"t match" in answer.content


@pytest.fixture
def connection_stays_open() -> Iterator[None]:
    """Closing a response closes the database connection, which here is the test's."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.mark.usefixtures("connection_stays_open")
def test_a_failed_attempt_is_written_down_only_after_the_answer_has_left() -> None:
    member = make_member(make_project())
    request = RequestFactory().post(SIGN_IN, {"email": member.email, "password": "not this one"})
    request.session, request.user = browser().session, AnonymousUser()

    response = sign_in_page(request)
    before = actions()
    response.close()
    response.close()

    assert (response.status_code, before, actions()) == (422, [], ["user.sign_in_failed"])


def test_signing_in_and_out_is_written_down_in_every_organisation_of_the_user() -> None:
    first, second = make_project(), make_project()
    member = make_member(first)
    make_member(second, user=member)
    client = browser()

    attempt(client, member.email, "not this one")
    attempt(client, member.email, PASSWORD)
    client.post("/sign-out/")

    for project in (first, second):
        events = AuditEvent.objects.filter(organisation=project.organisation).order_by("at", "id")
        assert [event.action for event in events] == ["user.sign_in_failed", "user.signed_in", "user.signed_out"]
        assert {event.ip for event in events} == {client.defaults["REMOTE_ADDR"]}
        assert [event.actor for event in events] == [None, member, member]


def test_the_session_key_changes_when_somebody_signs_in() -> None:
    member = make_member(make_project())
    client = browser()
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key

    attempt(client, member.email, PASSWORD)

    assert client.session.session_key != before
    assert is_in(client)


def test_who_signs_in_over_somebody_else_gets_a_session_of_their_own() -> None:
    project = make_project()
    first, second = make_member(project), make_member(project)
    client = browser(first)
    before = client.session.session_key

    client.force_login(second)

    assert client.session.session_key not in (before, None)
    assert is_in(client)
    assert UserSession.objects.get(user=second).session_key == client.session.session_key


def test_signing_out_takes_a_post_and_ends_the_session() -> None:
    client = browser(make_member(make_project()))

    assert client.get("/sign-out/").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert client.get("/account/").status_code == 302


def test_who_is_in_already_is_sent_on() -> None:
    client = browser(make_member(make_project()))

    assert client.get("/sign-in/?next=/account/")["Location"] == "/account/"


def test_a_part_of_a_page_asked_for_by_htmx_sends_the_whole_browser_to_the_sign_in_page() -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/p/x/traces/?status=error"}

    answer = browser().get(reverse("accounts:sessions"), headers=headers)

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/sign-in/?next=/p/x/traces/%3Fstatus%3Derror"


def test_a_form_sent_by_a_stranger_leads_back_to_the_page_it_stood_on() -> None:
    answer = browser().post("/account/password/", headers={"Referer": "http://testserver/account/"})

    assert answer["Location"] == "/sign-in/?next=/account/"


def test_fields_left_empty_are_told_beside_the_fields() -> None:
    make_user()

    page = attempt(browser(), "", "").content.decode()

    assert 'aria-describedby="id_email_error"' in page
    assert page.count("This field is required.") == 2


def test_the_start_page_leads_to_the_project_that_was_open_last() -> None:
    first = make_project(name="Aft")
    second = make_project(name="Bow", organisation=first.organisation)
    member = make_member(first, Role.ADMIN)
    client = browser(member)

    assert first.slug in client.get("/")["Location"]
    client.get(reverse("accounts:members", args=[second.slug]))
    assert second.slug in client.get("/")["Location"]


def test_somebody_without_a_project_is_told_what_to_do() -> None:
    answer = browser(make_user()).get("/")

    assert answer.status_code == 200
    assert b"Ask an admin of your organisation for an invitation" in answer.content


def test_a_forged_address_does_no_harm() -> None:
    member = make_member(make_project())

    assert attempt(browser(REMOTE_ADDR="<script>"), member.email, PASSWORD).status_code == 302
    assert AuditEvent.objects.get(action="user.signed_in").ip is None
