"""The keys page: making, showing once, and revoking."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey, AuditEvent, ConfigVersion, Project
from apps.accounts.services import KeyRefused, authenticate_key
from llmkit import clock
from tests.factories.accounts import browser, make_member, make_project, make_public_key, make_secret_key

pytestmark = pytest.mark.django_db

SECRET = {
    "name": "Checkout",
    "scopes": ["gateway", "read"],
    "models_allowed": "support\nfast, support",
    "lifetime": "30",
}


@pytest.fixture
def project() -> Project:
    return make_project()


def url(name: str, project: Project, *args: object) -> str:
    return reverse(f"accounts:{name}", args=[project.slug, *args])


def engineer_of(project: Project) -> Any:
    return browser(make_member(project, Role.ENGINEER))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_a_secret_key_is_shown_in_the_answer_and_never_again(project: Project, headers: dict[str, str]) -> None:
    client = engineer_of(project)

    answer = client.post(url("make_secret_key", project), SECRET, headers=headers)

    text = answer.context["issued"].text
    page = answer.content.decode()
    assert (answer.status_code, page.count(text)) == (200, 1)
    assert ("<html" in page) is not bool(headers)
    assert "no-store" in answer["Cache-Control"]
    assert text not in str(answer.headers)
    assert all(text not in str(session.get_decoded()) for session in Session.objects.all())
    assert text not in client.cookies.output()
    again = client.get(url("keys", project)).content.decode()
    assert text not in again
    assert ApiKey.objects.get().hint in again


def test_a_secret_key_has_what_the_form_said(project: Project) -> None:
    before = ConfigVersion.objects.filter(id=1).values_list("number", flat=True).first() or 0

    answer = engineer_of(project).post(url("make_secret_key", project), SECRET)

    key = authenticate_key(answer.context["issued"].text, scope="gateway")
    assert key.expires_at is not None
    assert (key.name, key.scopes, key.models_allowed) == ("Checkout", ["gateway", "read"], ["support", "fast"])
    assert timedelta(days=29) < key.expires_at - clock.now() <= timedelta(days=30)
    assert key.created_by is not None
    assert AuditEvent.objects.get(action="key.created").detail == {"scopes": ["gateway", "read"]}
    assert ConfigVersion.objects.get(id=1).number > before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"lifetime": "3"}, "lifetime"),
        ({"models_allowed": "x" * 101}, "models_allowed"),
    ],
)
def test_what_makes_no_key_is_told_beside_its_field(project: Project, change: dict[str, Any], field: str) -> None:
    answer = engineer_of(project).post(url("make_secret_key", project), SECRET | change)

    assert answer.status_code == 422
    assert list(answer.context["secret_form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_a_public_key_stays_readable_with_its_origins(project: Project) -> None:
    client = engineer_of(project)

    client.post(
        url("make_public_key", project),
        {"public-name": "Shop", "public-origins": "https://Shop.example:443/\nhttp://localhost:3000"},
    )

    key = ApiKey.objects.get()
    page = client.get(url("keys", project)).content.decode()
    assert key.origins == ["https://shop.example", "http://localhost:3000"]
    assert (key.kind, key.scopes) == ("public", ["feedback"])
    assert key.public_text in page


@pytest.mark.parametrize("origin", ["shop.example", "ftp://shop.example", "https://*.shop.example", "null", ""])
def test_what_is_no_origin_is_told_beside_its_field(project: Project, origin: str) -> None:
    answer = engineer_of(project).post(
        url("make_public_key", project), {"public-name": "Shop", "public-origins": origin}
    )

    assert answer.status_code == 422
    assert list(answer.context["public_form"].errors) == ["origins"]


def test_revoking_asks_first_and_then_ends_the_key(project: Project) -> None:
    issued, client = make_secret_key(project), engineer_of(project)
    address = url("revoke_key", project, issued.key.id)

    assert b"cannot be brought back" in client.get(address).content
    assert authenticate_key(issued.text, scope="read")
    assert client.post(address)["Location"] == url("keys", project)
    with pytest.raises(KeyRefused, match="revoked"):
        authenticate_key(issued.text, scope="read")
    assert b"revoked" in client.get(url("keys", project)).content
    assert AuditEvent.objects.filter(action="key.revoked").count() == 1


def test_keys_of_another_project_are_out_of_reach(project: Project) -> None:
    foreign = make_secret_key(make_project())

    client = engineer_of(project)

    assert client.post(url("revoke_key", project, foreign.key.id)).status_code == 404
    assert foreign.key.hint not in client.get(url("keys", project)).content.decode()
    assert authenticate_key(foreign.text, scope="read")


def test_annotators_do_not_see_keys(project: Project) -> None:
    answer = browser(make_member(project, Role.ANNOTATOR)).get(url("keys", project))

    assert answer.status_code == 403
    assert b"This needs the role Engineer" in answer.content


def test_states_of_keys_are_told_apart(project: Project) -> None:
    make_public_key(project, "https://shop.example")
    expired = make_secret_key(project, expires_at=clock.now() + timedelta(days=1)).key
    ApiKey.objects.filter(id=expired.id).update(expires_at=clock.now() - timedelta(days=1))

    page = engineer_of(project).get(url("keys", project)).content.decode()

    assert "expired" in page
    assert "works" in page
