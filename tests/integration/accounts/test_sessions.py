"""The sessions page, and how it is kept true."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEvent, UserSession
from apps.accounts.services.sessions import NOTE_EVERY_S
from apps.accounts.tasks import forget_ended_sessions
from flywheel.celery import app
from llmkit import clock
from tests.factories.accounts import PASSWORD, browser, make_member, make_project, make_user
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db

PAGE = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


def test_a_sign_in_shows_with_its_device_and_address() -> None:
    user, client = make_user(), browser(headers={"user-agent": FIREFOX})
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})

    page = client.get(PAGE).content.decode()

    assert "Firefox on Linux" in page
    assert client.defaults["REMOTE_ADDR"] in page
    assert "This browser" in page


def test_one_browser_can_be_signed_out_from_another() -> None:
    member = make_member(make_project())
    here, there = browser(member), browser(member)
    row = UserSession.objects.get(session_key=there.session.session_key)

    answer = here.post(reverse("accounts:end_session", args=[row.id]), follow=True)

    assert "Signed out" in said(answer)
    assert there.get(PAGE).status_code == 302
    assert here.get(PAGE).status_code == 200
    assert AuditEvent.objects.filter(action="session.ended", actor=member).exists()


def test_all_others_can_be_signed_out_at_once() -> None:
    member = make_member(make_project())
    here, others = browser(member), [browser(member) for _ in range(3)]

    answer = here.post(reverse("accounts:end_other_sessions"), follow=True)

    assert "3 other browsers" in said(answer)
    assert [client.get(PAGE).status_code for client in [here, *others]] == [200, 302, 302, 302]


def test_nobody_ends_somebody_elses_session() -> None:
    theirs = browser(make_user())
    row = UserSession.objects.get(session_key=theirs.session.session_key)

    assert browser(make_user()).post(reverse("accounts:end_session", args=[row.id])).status_code == 404
    assert theirs.get(PAGE).status_code == 200


def test_signing_out_takes_the_row_away() -> None:
    client = browser(make_user())
    assert UserSession.objects.count() == 1

    client.post("/sign-out/")

    assert not UserSession.objects.exists()


def writes_of(client: Client) -> int:
    """How many statements that write one reading of the page takes."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(PAGE).status_code == 200
    return sum(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in queries)


def test_reading_pages_writes_nothing_for_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    client, start = browser(make_user()), clock.now()

    monkeypatch.setattr("apps.accounts.services.sessions.clock.now", lambda: start + timedelta(seconds=200))
    assert writes_of(client) == 0

    later = start + timedelta(seconds=NOTE_EVERY_S + 1)
    monkeypatch.setattr("apps.accounts.services.sessions.clock.now", lambda: later)
    assert writes_of(client) == 2  # the row and the session
    assert UserSession.objects.get().last_seen_at == later
    assert writes_of(client) == 0


def test_a_session_whose_row_was_lost_gets_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    client, later = browser(make_user()), clock.now() + timedelta(seconds=NOTE_EVERY_S + 1)
    UserSession.objects.all().delete()
    monkeypatch.setattr("apps.accounts.services.sessions.clock.now", lambda: later)

    client.get(PAGE)

    assert UserSession.objects.get().session_key == client.session.session_key


def test_the_nightly_task_forgets_sessions_that_are_over() -> None:
    living, expired, deleted = (browser(make_user()).session.session_key for _ in range(3))
    Session.objects.filter(session_key=expired).update(expire_date=clock.now() - timedelta(seconds=1))
    Session.objects.filter(session_key=deleted).delete()

    forget_ended_sessions(unknown="argument")
    forget_ended_sessions()

    assert list(UserSession.objects.values_list("session_key", flat=True)) == [living]
    assert list(Session.objects.values_list("session_key", flat=True)) == [living]


def test_the_timetable_knows_the_task() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert forget_ended_sessions.name in names


def test_a_long_or_odd_user_agent_does_no_harm() -> None:
    client = browser(headers={"user-agent": "<b>" * 500})
    user = make_user()

    assert client.post("/sign-in/", {"email": user.email, "password": PASSWORD}).status_code == 302
    assert "<b><b>" not in client.get(PAGE).content.decode()


def test_the_profile_holds_the_name() -> None:
    member = make_member(make_project())

    browser(member).post("/account/", {"name": "Ada Lovelace"})

    member.refresh_from_db()
    assert member.name == "Ada Lovelace"
    assert AuditEvent.objects.get(action="user.renamed").detail == {"from": "", "to": "Ada Lovelace"}
