"""Members, keys, sessions and the audit log in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey, Project, User
from apps.accounts.services import Actor, KeyRefused, authenticate_key, revoke_key
from tests.browser.conftest import NARROW
from tests.factories.accounts import browser as plain_client
from tests.factories.accounts import make_member, make_project, make_secret_key, membership_of

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


def settings_of(live_server: object, project: Project, page: str) -> str:
    return f"{live_server.url}/p/{project.slug}/settings/{page}"


def test_a_role_is_changed_and_a_member_removed(signed_in_page: SignIn, live_server: object, project: Project) -> None:
    owner, member = make_member(project, Role.OWNER), make_member(project, Role.VIEWER)
    page = signed_in_page(owner)
    page.goto(settings_of(live_server, project, "members/"))

    page.get_by_label(f"Role of {member}", exact=True).select_option("Engineer")
    page.get_by_role("button", name=f"Change the role of {member}").click()
    expect(page.get_by_text(f"{member} is now Engineer.")).to_be_visible()
    assert membership_of(member).rank is Role.ENGINEER

    page.get_by_role("link", name=f"Remove {member}").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("is no longer a member")).to_be_visible()
    expect(page.get_by_role("cell", name=member.email)).to_have_count(0)


def test_an_invitation_is_made_and_withdrawn(signed_in_page: SignIn, live_server: object, project: Project) -> None:
    page = signed_in_page(make_member(project, Role.ADMIN))
    page.goto(settings_of(live_server, project, "members/"))

    page.locator("#invite").get_by_label("Role").select_option(label=f"Engineer: {Role.ENGINEER.may}")
    page.get_by_label("E-mail").fill("new@harbor.example")
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("#one-time-link")).to_have_text(re.compile(r"/invite/[\w-]{43}/$"))

    page.get_by_role("button", name="Withdraw the invitation of new@harbor.example").click()
    expect(page.get_by_text("its link no longer works")).to_be_visible()


def make_key(page: Page) -> str:
    page.get_by_label("Name").first.fill("Checkout")
    page.get_by_role("button", name="Make a secret key").click()
    shown = page.locator("#issued-key")
    expect(shown).to_have_text(re.compile("^fw_sk_"))
    return shown.inner_text()


def test_a_secret_key_can_be_copied_once_and_is_gone_after(
    signed_in_page: SignIn, live_server: object, project: Project
) -> None:
    page = signed_in_page(make_member(project, Role.ENGINEER))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = settings_of(live_server, project, "keys/")
    page.goto(address)

    text = make_key(page)
    page.locator(".notice").get_by_role("button", name="Copy").click()
    expect(page.locator(".notice").get_by_text("Copied")).to_be_visible()

    assert page.evaluate("navigator.clipboard.readText()") == text
    assert authenticate_key(text, scope="gateway").name == "Checkout"
    assert page.url == address
    page.reload()
    expect(page.get_by_role("rowheader", name="Checkout")).to_be_visible()
    assert text not in page.content()


def test_a_key_is_revoked_after_a_question(signed_in_page: SignIn, live_server: object, project: Project) -> None:
    issued = make_secret_key(project)
    page = signed_in_page(make_member(project, Role.ENGINEER))
    page.goto(settings_of(live_server, project, "keys/"))

    page.get_by_role("link", name="Revoke test key").click()
    page.get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("is revoked.")).to_be_visible()
    with pytest.raises(KeyRefused):
        authenticate_key(issued.text, scope="read")


def test_errors_of_a_key_stand_beside_the_field_that_has_them(
    signed_in_page: SignIn, live_server: object, project: Project, complaints: list[str]
) -> None:
    page = signed_in_page(make_member(project, Role.ENGINEER))
    page.goto(settings_of(live_server, project, "keys/"))

    page.locator("#new-public").get_by_label("Name").fill("Shop")
    page.get_by_label("Origins").fill("not an origin")
    page.get_by_role("button", name="Make a public key").click()

    field = page.get_by_label("Origins")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("'not an origin' is not an origin"))
    expect(field).to_have_value("not an origin")
    complaints.clear()  # Chromium reports the status 422 of the answer


def test_everything_works_without_scripts(browser: Browser, live_server: object, project: Project) -> None:
    engineer = make_member(project, Role.ENGINEER)
    session = plain_client(engineer).cookies["flywheel_session"].value
    context = browser.new_context(java_script_enabled=False, viewport=NARROW)
    context.add_cookies([{"name": "flywheel_session", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(settings_of(live_server, project, "keys/"))

    text = make_key(page)
    page.get_by_role("link", name="Done").click()

    expect(page.get_by_text(ApiKey.objects.get().hint)).to_be_visible()
    assert text not in page.content()
    context.close()


def test_another_browser_is_signed_out_from_the_sessions_page(signed_in_page: SignIn, live_server: object) -> None:
    member = make_member(make_project())
    other = plain_client(member)
    page = signed_in_page(member)
    page.goto(f"{live_server.url}/account/sessions/")

    page.get_by_role("button", name="Sign out everywhere else").click()

    expect(page.get_by_text("Signed out in 1 other browser.")).to_be_visible()
    assert other.get("/account/").status_code == 302


def test_the_audit_log_is_narrowed_and_the_address_keeps_it(
    signed_in_page: SignIn, live_server: object, project: Project
) -> None:
    admin = make_member(project, Role.ADMIN)
    revoke_key(actor=Actor(user=admin), key=make_secret_key(project).key)
    page = signed_in_page(admin)
    page.goto(settings_of(live_server, project, "audit/"))
    expect(page.get_by_role("cell", name="key.created")).to_be_visible()

    page.get_by_label("Action").select_option("key.revoked")

    expect(page.get_by_role("cell", name="key.created")).to_have_count(0)
    expect(page).to_have_url(re.compile("action=key.revoked"))
    page.reload()
    expect(page.get_by_role("cell", name="key.revoked")).to_have_count(1)
    expect(page.get_by_role("cell", name="key.created")).to_have_count(0)
