"""The models pages."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.serving.models import CatalogueModel, Provider
from apps.serving.services import connect_local_engine, decrypt_credential, set_price
from tests.factories.accounts import make_member, make_project
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def provider(project):
    return make_provider(project, base_url="http://10.0.0.7:8000/v1", name="gpu-box")


@pytest.fixture
def model(provider):
    return make_model(provider, name="helper", upstream_name="acme-large", input_nano=150_000_000, output_nano=1)


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more):
    return client.get(reverse(f"serving:{name}", args=[project.slug, *more]))


def submit(client, name, project, /, *more, **fields):
    return client.post(reverse(f"serving:{name}", args=[project.slug, *more]), fields)


def test_a_viewer_sees_models_and_prices_but_no_way_to_change_them(viewer, project, model):
    for answer in (page(viewer, "models", project), page(viewer, "model", project, model.id)):
        text = answer.content.decode()
        assert "helper" in text
        assert "$0.15" in text
        assert "Take out" not in text
        assert "New price" not in text
        assert "Connect" not in text


def test_a_project_without_models_leads_to_the_form_that_connects_a_provider(engineer, project):
    assert reverse("gateway:connect", args=[project.slug]) in page(engineer, "models", project).content.decode()


def test_the_list_shows_the_price_of_now(engineer, project, model):
    yesterday, tomorrow = (timezone.now() + timedelta(days=days) for days in (-1, 1))
    set_price(actor=Actor(), model=model, effective_from=yesterday, input_nano=250_000_000, output_nano=1)
    set_price(actor=Actor(), model=model, effective_from=tomorrow, input_nano=990_000_000, output_nano=1)
    text = page(engineer, "models", project).content.decode()
    assert "$0.25" in text
    assert "$0.99" not in text
    assert "to come" in page(engineer, "model", project, model.id).content.decode()


def test_the_list_takes_as_many_queries_for_many_models_as_for_one(
    engineer, project, model, django_assert_max_num_queries
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(30) as caught:
            page(engineer, "models", project)
        return len(caught)

    page(engineer, "models", project)
    first = count()
    for _ in range(5):
        make_model(make_provider(project), input_nano=1)
    assert count() == first


def test_no_credential_is_ever_shown(engineer, project, provider, model):
    for answer in (
        page(engineer, "models", project),
        page(engineer, "provider", project, provider.id),
        page(engineer, "model", project, model.id),
    ):
        assert b"sk-provider-secret" not in answer.content
        assert provider.credential.encode() not in answer.content


def test_an_engineer_adds_a_model(engineer, project, provider):
    submit(engineer, "new_model", project, provider=provider.id, name="quick", context_tokens=4096)
    model = CatalogueModel.objects.get()
    assert (model.upstream_name, model.provider, model.context_tokens) == ("quick", provider, 4096)


def test_a_name_that_is_taken_is_said_at_its_field(engineer, project, provider, model):
    answer = submit(engineer, "new_model", project, provider=provider.id, name="helper", context_tokens=1)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["name"]


def test_a_provider_of_another_project_cannot_be_chosen(engineer, project):
    theirs = make_provider(make_project())
    answer = submit(engineer, "new_model", project, provider=theirs.id, name="x", context_tokens=1)
    assert list(answer.context["form"].errors) == ["provider"]


def test_a_new_price_holds_from_now_on(engineer, project, model):
    submit(engineer, "price", project, model.id, input_nano="0.2", output_nano="0.8")
    price = model.price_at(timezone.now())
    assert (price.input_nano, price.cached_input_nano, price.output_nano) == (200_000_000, 200_000_000, 800_000_000)


def test_a_wrong_price_is_said_at_its_field(engineer, project, model):
    for value in ("-1", "abc", "0.0000000001", ""):
        answer = submit(engineer, "price", project, model.id, input_nano=value, output_nano="1")
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["input_nano"]


def test_an_address_is_changed_with_its_key(engineer, project, provider):
    fields = {"base_url": "http://10.0.0.8:8000/v1", "credential": "sk-new", "allow_private": "on"}
    submit(engineer, "provider", project, provider.id, **fields)
    provider.refresh_from_db()
    assert provider.base_url == "http://10.0.0.8:8000/v1"
    assert decrypt_credential(provider.credential) == "sk-new"


def test_the_stored_key_is_not_sent_to_a_new_address_unasked(engineer, project, provider):
    answer = submit(engineer, "provider", project, provider.id, base_url="https://evil.example/v1")
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["credential"]


def test_the_local_engine_has_no_address_to_change(engineer, project):
    local = connect_local_engine(actor=Actor(), project=project)
    assert page(engineer, "provider", project, local.id).status_code == 404
    assert b"part of this installation" in page(engineer, "models", project).content


def test_providers_and_models_are_taken_out_of_service_and_back(engineer, project, provider, model):
    for name, thing in (("switch_provider", provider), ("switch_model", model)):
        for enabled in (False, True):
            submit(engineer, name, project, thing.id, enabled=int(enabled))
            thing.refresh_from_db()
            assert (thing.disabled_at is None) is enabled
    assert Provider.objects.enabled().count() == 1


def test_what_people_wrote_is_shown_and_not_run(engineer, project, provider):
    hostile = '<script>alert("x")</script>'
    CatalogueModel.objects.create(
        project=project, provider=provider, name="x", upstream_name=hostile, description=hostile, context_tokens=1
    )
    model = CatalogueModel.objects.get()
    for answer in (page(engineer, "models", project), page(engineer, "model", project, model.id)):
        assert hostile.encode() not in answer.content
