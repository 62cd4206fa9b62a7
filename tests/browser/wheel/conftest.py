"""A whole instance with its local engine, the demo's access, and a browser that opens that instance."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from apps.console.demo.env import read_demo_env
from flywheel.local.throwaway import make_folder, remove
from tests.functional.local.running import Instance


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    folder = make_folder()
    running = Instance(folder, extras="local")
    running.start()
    yield running
    running.stop()
    remove(folder)


@pytest.fixture
def demo(instance: Instance) -> dict[str, str]:
    return read_demo_env(instance.data)


@pytest.fixture
def page(context) -> Page:
    """Instead of the shared one: these tests open the instance, not Django's test server."""
    return context.new_page()


def sign_in(page: Page, demo: dict[str, str]) -> None:
    page.goto(demo["FLYWHEEL_URL"])
    page.get_by_label("E-mail").fill(demo["FLYWHEEL_EMAIL"])
    page.get_by_label("Password").fill(demo["FLYWHEEL_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/harbor-desk/**")


def stored(trace_id: str, demo: dict[str, str]) -> bool:
    """Whether the trace has reached the API: it is there a moment after its answer."""
    request = urllib.request.Request(
        f"{demo['FLYWHEEL_URL']}/api/traces/{trace_id}",
        headers={"authorization": f"Bearer {demo['FLYWHEEL_API_KEY']}"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False
