"""Coming in: the first start, signing in, invitations and new passwords, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.accounts.domain.roles import Role
from apps.accounts.models import User
from tests.browser.conftest import NARROW
from tests.factories.accounts import PASSWORD, make_invitation, make_member, make_project, make_user

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
NEW = "a completely new password"


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")


def test_the_first_start_leads_from_nothing_to_a_project(page: Page, live_server: object) -> None:
    page.goto(f"{live_server.url}/")
    page.get_by_label("Organisation").fill("Harbor & Sons")
    page.get_by_label("First project").fill("Support desk")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("E-mail").fill("ada@harbor.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Start").click()

    expect(page).to_have_url(re.compile("/p/support-desk/"))
    page.locator(".avatar").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_told_and_read_out(page: Page, live_server: object, complaints: list[str]) -> None:
    user = make_user()
    page.goto(f"{live_server.url}/sign-in/?next=/account/sessions/")

    sign_in(page, user.email, "not this one")
    expect(page.get_by_role("alert")).to_contain_text("E-mail and password don't match")
    expect(page.get_by_label("E-mail")).to_have_value(user.email)
    expect(page.get_by_label("Password")).to_have_value("")
    complaints.clear()  # Chromium reports the status 422 of the answer

    sign_in(page, user.email, PASSWORD)
    expect(page).to_have_url(re.compile("/account/sessions/$"))
    expect(page.get_by_text("This browser")).to_be_visible()


def test_guessing_is_stopped_with_the_time_that_is_left(page: Page, live_server: object, complaints: list[str]) -> None:
    user = make_user()
    page.goto(f"{live_server.url}/sign-in/")

    for _ in range(11):  # The window may turn once in between.
        if page.get_by_label("E-mail").count():
            sign_in(page, user.email, "not this one")

    expect(page.get_by_role("heading", name="Too many attempts")).to_be_visible()
    expect(page.get_by_text(re.compile(r"paused for \d+ (minutes|seconds?)"))).to_be_visible()
    complaints.clear()


def test_somebody_joins_through_an_invitation_on_a_phone(context: BrowserContext, live_server: object) -> None:
    project = make_project(name="Harbor")
    issued = make_invitation(project, Role.ENGINEER, email="grace@harbor.example")
    page = context.new_page()
    page.set_viewport_size(NARROW)

    page.goto(f"{live_server.url}/invite/{issued.token}/")
    expect(page.get_by_label("E-mail")).to_be_disabled()
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make my account and join").click()

    expect(page).to_have_url(re.compile(f"/p/{project.slug}/"))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_forgotten_password_is_replaced_through_a_link(
    signed_in_page: SignIn, browser: object, live_server: object
) -> None:
    project = make_project()
    owner, member = make_member(project, Role.OWNER), make_member(project, Role.ENGINEER)
    page = signed_in_page(owner)
    page.goto(f"{live_server.url}/p/{project.slug}/settings/members/")

    page.get_by_role("button", name=f"Make a link for a new password of {member}").click()
    link = page.locator("#one-time-link").inner_text()
    stranger = browser.new_context().new_page()
    stranger.goto(link)
    stranger.get_by_label("Password", exact=True).fill(NEW)
    stranger.get_by_label("Password again").fill(NEW)
    stranger.get_by_role("button", name="Set password").click()
    sign_in(stranger, member.email, NEW)

    expect(stranger).to_have_url(re.compile(f"/p/{project.slug}/"))
    stranger.context.close()
