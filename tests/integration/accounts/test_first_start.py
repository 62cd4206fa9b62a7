"""An installation without users, and operators who make owners."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, Organisation, Project, User
from apps.accounts.services.projects import AlreadySetUp, set_up
from tests.factories.accounts import PASSWORD, browser, make_member, make_project, make_user, membership_of

WANTED = {
    "organisation": "Harbor & Sons",
    "project": "Support desk",
    "name": "Ada",
    "email": "Ada@Example.com",
    "password": PASSWORD,
    "password_again": PASSWORD,
}
VARIABLE = "FLYWHEEL_OWNER_PASSWORD"


@pytest.mark.django_db
def test_everything_leads_to_the_setup_while_there_is_no_user() -> None:
    client = browser()

    assert client.get("/")["Location"] == "/setup/"
    assert client.get("/sign-in/")["Location"] == "/setup/"
    assert client.get("/setup/").status_code == 200


@pytest.mark.django_db
def test_the_setup_makes_organisation_project_and_owner_and_signs_them_in() -> None:
    client = browser()

    answer = client.post("/setup/", WANTED)

    owner = User.objects.get()
    project = Project.objects.get()
    assert answer.status_code == 302
    assert "/p/support-desk/" in answer["Location"]
    assert (owner.email, owner.name, membership_of(owner).rank) == ("ada@example.com", "Ada", Role.OWNER)
    assert (project.slug, project.organisation.slug) == ("support-desk", "harbor-sons")
    assert client.get("/account/").status_code == 200
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {
        "organisation.created",
        "project.created",
        "user.signed_in",
    }


@pytest.mark.django_db
def test_the_setup_is_closed_once_there_is_a_user() -> None:
    make_user()
    client = browser()

    assert client.get("/setup/")["Location"] == "/"
    assert client.post("/setup/", WANTED)["Location"] == "/"
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"password": "short", "password_again": "short"}, "password", "too short"),
        ({"password": "password1234", "password_again": "password1234"}, "password", "too common"),
        ({"password": "ada@example.com", "password_again": "ada@example.com"}, "password", "too similar"),
        ({"password_again": "another one"}, "password_again", "not the same"),
        ({"email": "nobody"}, "email", "valid email"),
        ({"project": " "}, "project", "required"),
        ({"name": "x" * 101}, "name", "at most 100"),
    ],
)
def test_what_does_not_hold_is_told_beside_its_field(change: dict[str, str], field: str, text: str) -> None:
    answer = browser().post("/setup/", WANTED | change)

    assert answer.status_code == 422
    assert text in str(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not User.objects.exists()


@pytest.fixture
def no_leftovers() -> Iterator[None]:
    yield
    for model in (AuditEvent, Project, Organisation, User):
        model.objects.all().delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_leftovers")
def test_of_two_who_set_up_at_once_one_gets_in() -> None:
    def attempt(number: int) -> bool:
        try:
            set_up(organisation="Org", project="Project", email=f"user{number}@example.com", password=PASSWORD)
        except AlreadySetUp:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, range(4)))

    assert sorted(results) == [False, False, False, True]
    assert (User.objects.count(), Organisation.objects.count(), Project.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_an_operator_makes_the_first_owner(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)

    call_command("create_owner", "--email", "Ada@example.com", "--organisation", "Harbor", "--project", "Desk")

    owner = User.objects.get(email="ada@example.com")
    assert owner.check_password(PASSWORD)
    assert membership_of(owner).rank is Role.OWNER
    assert Project.objects.get().slug == "desk"
    assert "ada@example.com is an owner of Harbor." in capsys.readouterr().out


@pytest.mark.django_db
def test_the_password_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    monkeypatch.setenv(f"{VARIABLE}_FILE", str(tmp_path / "password"))

    call_command("create_owner", "--email", "ada@example.com")

    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.django_db
def test_the_password_is_asked_for_twice_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSWORD, "something else"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))

    with pytest.raises(CommandError, match="not the same"):
        call_command("create_owner", "--email", "ada@example.com")


@pytest.mark.django_db
def test_a_bad_password_or_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("create_owner", "--email", "ada@example.com")
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with pytest.raises(CommandError, match="valid email"):
        call_command("create_owner", "--email", "ada")


@pytest.mark.django_db
def test_an_operator_lets_a_locked_out_owner_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "another long password")
    owner = make_member(make_project(), Role.OWNER)
    client = browser(owner)

    call_command("create_owner", "--email", owner.email, "--set-password")

    owner.refresh_from_db()
    assert owner.check_password("another long password")
    assert client.get("/account/").status_code == 302


@pytest.mark.django_db
def test_an_operator_raises_a_member_to_owner_without_touching_the_password() -> None:
    viewer = make_member(make_project(), Role.VIEWER)

    call_command("create_owner", "--email", viewer.email)

    viewer.refresh_from_db()
    assert membership_of(viewer).rank is Role.OWNER
    assert viewer.check_password(PASSWORD)


@pytest.mark.django_db
def test_with_several_organisations_the_operator_says_which_one() -> None:
    make_project()
    member = make_member(make_project())

    with pytest.raises(CommandError, match="--organisation"):
        call_command("create_owner", "--email", member.email)
