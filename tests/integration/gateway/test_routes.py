"""Making routes and exchanging what stands behind them."""

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent, ConfigVersion
from apps.accounts.services import Actor
from apps.gateway.models import Route
from apps.gateway.queries import versions_of
from apps.gateway.services import (
    NewModel,
    activate_version,
    connect_provider_with_models,
    create_route,
    publish_route_version,
    set_route_enabled,
)
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import Endpoint
from tests.factories.accounts import make_project
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def model():
    return make_model(make_provider(make_project()), name="helper")


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))


def number() -> int:
    return ConfigVersion.objects.get(id=1).number


def test_every_change_of_a_route_is_on_record_and_published(model):
    before = number()
    route = make_route(model)
    publish_route_version(actor=Actor(), route=route, model=model, system_prompt="Two.", message="Kinder")
    activate_version(actor=Actor(), route=route, number=1, message="Too kind")
    set_route_enabled(actor=Actor(), route=route, enabled=False)
    assert actions()[2:] == [
        "route.created", "route.version_activated", "route.version_activated", "route.version_activated",
        "route.disabled",
    ]  # fmt: skip
    assert number() == before + 4
    back = AuditEvent.objects.filter(action="route.version_activated").latest("at")
    assert back.detail == {"from": 2, "to": 1, "message": "Too kind"}


def test_versions_count_on_after_going_back(model):
    route = make_route(model)
    publish_route_version(actor=Actor(), route=route, model=model)
    activate_version(actor=Actor(), route=route, number=1)
    assert publish_route_version(actor=Actor(), route=route, model=model).number == 3
    route.refresh_from_db()
    assert route.active.number == 3


def test_a_version_that_is_not_there_cannot_be_activated(model):
    with pytest.raises(ValidationError, match="no version 7"):
        activate_version(actor=Actor(), route=make_route(model), number=7)


def test_a_model_of_another_project_cannot_stand_behind_a_route(model):
    theirs = make_model(make_provider(make_project()))
    with pytest.raises(ValidationError, match="another project"):
        publish_route_version(actor=Actor(), route=make_route(model), model=theirs)


@pytest.mark.parametrize("name", ["", "with space", "-dash", "ünï", "x" * 101, "line\nbreak"])
def test_a_name_that_no_request_could_carry_is_refused(model, name):
    with pytest.raises(ValidationError) as caught:
        make_route(model, name=name)
    assert "name" in caught.value.message_dict


def test_a_name_is_given_once_in_a_project(model):
    make_route(model, name="support")
    with pytest.raises(ValidationError, match="already"):
        create_route(actor=Actor(), project=model.project, name="support", model=model)
    make_route(make_model(make_provider(make_project())), name="support")


@pytest.mark.parametrize("member", ["model", "messages", "stream", "stream_options"])
def test_defaults_cannot_say_what_only_the_caller_may_say(model, member):
    with pytest.raises(ValidationError, match=member):
        make_route(model, defaults={member: True})


def test_a_versions_changes_are_told_line_by_line(model):
    other = make_model(model.provider, name="bigger")
    route = make_route(model, system_prompt="Be kind.\nBe brief.", defaults={"temperature": 0.5})
    publish_route_version(actor=Actor(), route=route, model=other, system_prompt="Be kind.\nBe thorough.")
    newest, first = versions_of(route)
    assert [(change.field, change.lines) for change in newest.changes] == [
        ("Model", ["-helper", "+bigger"]),
        ("System prompt", [" Be kind.", "-Be brief.", "+Be thorough."]),
        ("Defaults", ["-temperature: 0.5"]),
    ]
    assert first.changes[0].lines == ["+helper"]


def test_one_step_connects_a_provider_and_moves_a_route_to_it(model):
    route = make_route(model, system_prompt="Be kind.", defaults={"temperature": 0.5})
    provider = connect_provider_with_models(
        actor=Actor(),
        project=model.project,
        name="acme",
        endpoint=Endpoint(kind="openai_compatible", base_url="https://api.acme.example/v1", credential="sk-1"),
        models=[
            NewModel(name="big", upstream_name="acme-big-2", context_tokens=1000, input_nano=5, output_nano=7),
            NewModel(name="small", upstream_name="acme-small", context_tokens=1000),
        ],
        route=route,
    )
    route.refresh_from_db()
    active = route.active
    assert (active.number, active.model.upstream_name, active.model.provider) == (2, "acme-big-2", provider)
    assert (active.system_prompt, active.defaults) == ("Be kind.", {"temperature": 0.5})
    assert [model.prices.count() for model in provider.models.order_by("name")] == [1, 0]


def test_connecting_is_all_or_nothing(model):
    endpoint = Endpoint(kind="openai_compatible", base_url="https://api.acme.example/v1")
    taken = NewModel(name="helper", upstream_name="x", context_tokens=1)
    with pytest.raises(ValidationError) as caught:
        connect_provider_with_models(
            actor=Actor(), project=model.project, name="acme", endpoint=endpoint, models=[taken]
        )
    assert "models" in caught.value.message_dict
    assert not Provider.objects.filter(name="acme").exists()
    assert CatalogueModel.objects.count() == 1


def test_a_policy_is_checked_and_stored_without_what_is_usual(model):
    make_model(model.provider, name="spare")
    policy = {"targets": [{"model": "helper"}, {"model": "spare"}], "strategy": "ordered", "retries": {"attempts": 0}}
    route = make_route(model, policy=policy)
    stored = {"targets": policy["targets"], "retries": route.active.policy["retries"]}
    assert route.active.policy == stored
    assert stored["retries"]["attempts"] == 0


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ({"retries": {"attempts": 99}}, "retries.attempts: "),
        ({"targets": [{"model": "helper"}, {"model": "nobody"}]}, "no model called nobody"),
        ({"targets": [{"model": "spare"}]}, "the first target is the route's model, helper"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_changes_nothing(model, policy, complaint):
    make_model(model.provider, name="spare")
    with pytest.raises(ValidationError, match=complaint):
        make_route(model, policy=policy)
    assert not Route.objects.exists()


def test_another_projects_model_is_no_target(model):
    make_model(make_provider(make_project()), name="foreign")
    with pytest.raises(ValidationError, match="no model called foreign"):
        make_route(model, policy={"targets": [{"model": "helper"}, {"model": "foreign"}]})


def test_the_history_tells_what_a_version_changed_in_the_policy(model):
    route = make_route(model)
    publish_route_version(actor=Actor(), route=route, model=model, policy={"retries": {"attempts": 0}})
    (newest, _) = versions_of(route)
    lines = next(change.lines for change in newest.changes if change.field == "Policy")
    assert "-retries: 2 more, after 200 to 5000 ms" in lines
    assert "+retries: 0 more, after 200 to 5000 ms" in lines
