"""What a key learns about itself, and how a bad one is turned away."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.services import Actor, revoke_key
from llmkit import clock
from tests.factories.accounts import make_project, make_public_key, make_secret_key

pytestmark = pytest.mark.django_db


def me(text: str | None) -> Any:
    return Client().get("/api/me", headers={"authorization": f"Bearer {text}"} if text is not None else {})


def code_of(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_a_key_learns_its_project_its_name_and_its_scopes() -> None:
    project = make_project(name="Harbor")
    issued = make_secret_key(project, scopes=["read", "gateway"], models_allowed=["support"])

    answer = me(issued.text)

    assert answer.status_code == 200
    assert answer.json() == {
        "organisation": {"slug": project.organisation.slug, "name": project.organisation.name},
        "project": {"slug": project.slug, "name": "Harbor"},
        "key": {"name": "test key", "hint": issued.key.hint, "expires_at": None},
        "scopes": ["gateway", "read"],
        "models_allowed": ["support"],
    }


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer   ", "nonsense"])
def test_a_request_without_a_key_is_told_how_to_send_one(header: str | None) -> None:
    answer = Client().get("/api/me", headers={"authorization": header} if header else {})

    assert (answer.status_code, code_of(answer)) == (401, "missing_api_key")
    assert "Authorization: Bearer" in answer.json()["error"]["message"]


def test_an_unknown_key_is_refused() -> None:
    answer = me("fw_sk_" + "x" * 43)

    assert (answer.status_code, code_of(answer)) == (401, "invalid_api_key")


def test_a_revoked_key_is_refused() -> None:
    issued = make_secret_key(make_project())
    revoke_key(actor=Actor(), key=issued.key)

    assert (me(issued.text).status_code, code_of(me(issued.text))) == (401, "revoked_api_key")


def test_an_expired_key_is_refused() -> None:
    issued = make_secret_key(make_project(), expires_at=clock.now() + timedelta(hours=1))
    issued.key.expires_at = clock.now() - timedelta(seconds=1)
    issued.key.save()

    assert (me(issued.text).status_code, code_of(me(issued.text))) == (401, "expired_api_key")


def test_a_public_key_may_not_ask() -> None:
    issued = make_public_key(make_project(), "https://shop.example")

    assert (me(issued.text).status_code, code_of(me(issued.text))) == (403, "secret_key_needed")


def test_the_key_does_not_appear_in_the_answer_or_the_logs(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.DEBUG = True  # ninja logs foreign Authorization headers when debugging
    issued = make_secret_key(make_project())

    answers = [me(issued.text), Client().get("/api/me", headers={"authorization": f"Token {issued.text}"})]

    assert all(issued.text not in answer.content.decode() for answer in answers)
    assert issued.text not in caplog.text
