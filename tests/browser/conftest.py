"""Chromium for every browser test: pages that fail their test when the browser complains."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import Project
from tests.factories.accounts import make_member, make_project

CHROMIUM = os.environ.get("FLYWHEEL_CHROMIUM", "/usr/bin/chromium")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# Playwright's synchronous API runs a loop in this thread, which Django takes for a reason to forbid the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# A deadline, not a wait: a busy machine may take seconds to compile a chart library.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module and no longer: while it is open, its event loop occupies this thread, and async tests fail."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained about; a test that provokes an error clears it."""
    return []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    """A fresh browser profile; every page in it reports errors, warnings and refused loads to `complaints`."""
    profile = browser.new_context(viewport=WIDE)
    profile.set_default_timeout(20_000)
    profile.on("console", lambda line: note(complaints, line.type, line.text))
    profile.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
    yield profile
    profile.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext, live_server: object) -> Page:
    return context.new_page()


@pytest.fixture
def signed_in_page(page: Page, live_server: object) -> Callable[[object], Page]:
    """`signed_in_page(user)` gives a page whose browser is signed in as that user."""

    def sign_in(user: object) -> Page:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return page

    return sign_in


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def open_page(
    signed_in_page: Callable[[object], Page], live_server: LiveServer, project: Project
) -> Callable[[str], Page]:
    """`open_page("/datasets/")`: a page of the project, in the browser of somebody who belongs to it."""
    page = signed_in_page(make_member(project))

    def open_page(path: str) -> Page:
        page.goto(f"{live_server.url}/p/{project.slug}{path}")
        return page

    return open_page


def until(page: Page, holds: str, arg: object = None) -> None:
    """Wait until the script function `holds` says yes.

    Playwright's `wait_for_function` evaluates its text anew at every look, and from the second look on
    the pages' content policy refuses that; here the text is evaluated once and asked again by the page itself.
    """
    page.evaluate(UNTIL.replace("HOLDS", holds), arg)


UNTIL = """async (arg) => {
  const holds = HOLDS, deadline = performance.now() + 20_000;
  while (!holds(arg)) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${holds}`);
    await new Promise(requestAnimationFrame);
  }
}"""

# htmx reports a request that leaving the page broke off as an error; one that failed says htmx:sendError as well.
BROKEN_OFF = ("htmx:sendAbort", "htmx:afterRequest")


def note(complaints: list[str], kind: str, text: str) -> None:
    if kind in {"error", "warning"} and not text.startswith(BROKEN_OFF):
        complaints.append(f"{kind}: {text}")
