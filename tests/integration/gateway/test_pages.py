"""The routes pages and the form that connects a provider."""

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.gateway.models import Route
from apps.serving.models import Provider
from apps.serving.services import decrypt_credential
from tests.factories.accounts import make_member, make_project
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def model(project):
    return make_model(make_provider(project), name="helper")


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more, **query):
    return client.get(reverse(f"gateway:{name}", args=[project.slug, *more]), query)


def submit(client, name, project, /, *more, **fields):
    return client.post(reverse(f"gateway:{name}", args=[project.slug, *more]), fields)


def version(model, **fields):
    return {"model": str(model.id), "system_prompt": "", "defaults": "{}", "message": "", **fields}


def test_a_viewer_sees_routes_but_no_way_to_change_them(viewer, project, model):
    route = make_route(model, name="support", system_prompt="Be kind.")
    for answer in (page(viewer, "routes", project), page(viewer, "route", project, route.id)):
        assert b"support" in answer.content
        assert b"New " not in answer.content
        assert b"Take out" not in answer.content


def test_a_project_without_routes_says_what_one_is_for(engineer, project):
    assert b"No route yet" in page(engineer, "routes", project).content


def test_an_engineer_makes_a_route(engineer, project, model):
    answer = submit(engineer, "new_route", project, name="support", **version(model, defaults='{"temperature": 0.2}'))
    route = Route.objects.get(project=project)
    assert answer.url == reverse("gateway:route", args=[project.slug, route.id])
    assert route.active.defaults == {"temperature": 0.2}
    assert route.active.author is not None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "with space"}, "name"),
        ({"name": "taken"}, "name"),
        ({"defaults": "not json"}, "defaults"),
        ({"defaults": "[1]"}, "defaults"),
        ({"defaults": '{"model": "x"}'}, "defaults"),
        ({"model": ""}, "model"),
    ],
)
def test_what_is_wrong_with_a_route_is_said_at_its_field(engineer, project, model, fields, field):
    make_route(model, name="taken")
    answer = submit(engineer, "new_route", project, **{"name": "support", **version(model), **fields})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Route.objects.count() == 1


def test_a_model_of_another_project_cannot_be_chosen(engineer, project, model):
    theirs = make_model(make_provider(make_project()))
    answer = submit(engineer, "new_route", project, name="support", **version(theirs))
    assert list(answer.context["form"].errors) == ["model"]


def test_a_new_version_starts_from_the_active_one(engineer, project, model):
    route = make_route(model, system_prompt="Be kind.", defaults={"temperature": 0.2})
    form = page(engineer, "new_version", project, route.id).context["form"]
    assert (form["system_prompt"].value(), form["defaults"].value()) == ("Be kind.", '{"temperature": 0.2}')


def test_publishing_and_going_back(engineer, project, model):
    route = make_route(model, system_prompt="Be kind.")
    submit(engineer, "new_version", project, route.id, **version(model, system_prompt="Be brief.", message="Shorter"))
    shown = page(engineer, "route", project, route.id).content.decode()
    assert "-Be kind." in shown
    assert "+Be brief." in shown
    submit(engineer, "activate", project, route.id, 1)
    route.refresh_from_db()
    assert route.active.number == 1
    assert submit(engineer, "activate", project, route.id, 9).status_code == 404


def test_a_route_is_taken_out_of_service_and_back(engineer, project, model):
    route = make_route(model)
    for enabled in (False, True):
        submit(engineer, "switch_route", project, route.id, enabled=int(enabled))
        route.refresh_from_db()
        assert (route.disabled_at is None) is enabled


def test_what_people_wrote_is_shown_and_not_run(engineer, project, model):
    route = make_route(model, system_prompt=HOSTILE, description=HOSTILE, message=HOSTILE, defaults={"stop": HOSTILE})
    for answer in (
        page(engineer, "routes", project),
        page(engineer, "route", project, route.id),
        page(engineer, "new_version", project, route.id),
    ):
        assert HOSTILE.encode() not in answer.content


def connection(**fields):
    return {
        "kind": "openai_compatible",
        "name": "acme",
        "base_url": "https://api.acme.example/v1",
        "credential": "sk-acme-1",
        "models": "acme-large\nquick = acme-small-2",
        "context_tokens": "128000",
        "input_price": "0.15",
        "output_price": "0.6",
        **fields,
    }


def test_one_form_connects_a_provider_and_moves_a_route_to_it(engineer, project, model):
    route = make_route(model, system_prompt="Be kind.")
    answer = submit(engineer, "connect", project, **connection(route=str(route.id)))
    assert answer.url == reverse("serving:models", args=[project.slug])
    provider = Provider.objects.get(name="acme")
    assert decrypt_credential(provider.credential) == "sk-acme-1"
    assert list(provider.models.order_by("name").values_list("name", "upstream_name")) == [
        ("acme-large", "acme-large"), ("quick", "acme-small-2")
    ]  # fmt: skip
    price = provider.models.get(name="quick").prices.get()
    assert (price.input_nano, price.output_nano) == (150_000_000, 600_000_000)
    route.refresh_from_db()
    assert (route.active.model.name, route.active.system_prompt) == ("acme-large", "Be kind.")


def test_the_usual_address_of_a_provider_need_not_be_typed(engineer, project):
    submit(engineer, "connect", project, **connection(kind="anthropic", base_url=""))
    assert Provider.objects.get().base_url.startswith("https://api.anthropic.com")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "two words"}, "name"),
        ({"base_url": "http://10.0.0.1/v1"}, "base_url"),
        ({"base_url": "gopher://x"}, "base_url"),
        ({"models": ""}, "models"),
        ({"models": "a\na = b"}, "models"),
        ({"models": "helper"}, "models"),
        ({"models": "bad name"}, "models"),
        ({"context_tokens": "0"}, "context_tokens"),
        ({"input_price": ""}, "output_price"),
        ({"output_price": "-1"}, "output_price"),
        ({"credential": "ümlaut"}, "credential"),
        ({"kind": "local"}, "kind"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said_at_its_field(engineer, project, model, fields, field):
    answer = submit(engineer, "connect", project, **connection(**fields))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Provider.objects.filter(name="acme").exists()


def test_a_key_that_was_typed_is_not_sent_back(engineer, project):
    answer = submit(engineer, "connect", project, **connection(models=""))
    assert b"sk-acme-1" not in answer.content


def test_without_a_model_the_new_route_page_leads_to_a_provider(engineer, project):
    html = page(engineer, "new_route", project).content.decode()
    assert reverse("gateway:connect", args=[project.slug]) in html
    assert "Make the route" not in html


def test_defaults_that_are_no_json_are_told_what_they_have_to_be(engineer, project, model):
    answer = submit(engineer, "new_route", project, name="helpdesk", **version(model, defaults="{nope"))
    assert answer.status_code == 422
    assert "This has to be a JSON object" in answer.content.decode()


def test_the_dry_run_shows_where_a_request_would_go_and_why(viewer, project, model):
    make_model(model.provider, name="spare")
    gold = {"field": "metadata.tier", "op": "equals", "value": "gold"}
    targets = [{"model": "helper", "when": [gold]}, {"model": "spare"}]
    route = make_route(model, policy={"targets": targets})
    tin = page(viewer, "route", project, route.id, **{"try": "1", "metadata": '{"tier": "tin"}'}).content.decode()
    assert "metadata.tier = gold does not hold" in tin
    rich = page(viewer, "route", project, route.id, **{"try": "1", "metadata": '{"tier": "gold"}'}).content.decode()
    assert "does not hold" not in rich
    assert "number 2 in order" in rich
    wrong = page(viewer, "route", project, route.id, **{"try": "1", "metadata": "[1]"}).content.decode()
    assert "This has to be a JSON object" in wrong


def test_what_is_wrong_with_a_policy_stands_beside_it(engineer, project, model):
    fields = {"name": "support", "description": "", **version(model, policy='{"retries": {"attempts": 99}}')}
    answer = submit(engineer, "new_route", project, **fields)
    assert answer.status_code == 422
    assert "retries.attempts: " in answer.content.decode()
    assert not Route.objects.exists()
