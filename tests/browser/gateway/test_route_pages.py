"""A route's page in a real browser."""

import pytest
from playwright.sync_api import expect

from apps.accounts.domain.roles import Role
from tests.factories.accounts import make_member, make_project
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db(transaction=True)
GOLD = {"field": "metadata.tier", "op": "equals", "value": "gold"}


@pytest.fixture
def route(transactional_db):
    provider = make_provider(make_project(), name="acme")
    model = make_model(provider, name="helper")
    make_model(provider, name="spare-" + "long" * 20)
    targets = [{"model": "helper", "when": [GOLD]}, {"model": "spare-" + "long" * 20}]
    return make_route(model, system_prompt="Be kind.", policy={"targets": targets, "timeouts": {"idle_ms": 900}})


def test_the_dry_run_answers_where_it_stands(signed_in_page, live_server, route):
    page = signed_in_page(make_member(route.project, Role.ENGINEER))
    page.goto(f"{live_server.url}/p/{route.project.slug}/routes/{route.id}/")
    expect(page.get_by_text("time limit idle: 900 ms").first).to_be_visible()
    page.get_by_label("Metadata").fill('{"tier": "tin"}')
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("metadata.tier = gold does not hold")).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
