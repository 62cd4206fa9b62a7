"""What the models pages say about bases and adapters, and the form for a folder of one's own."""

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.serving.models import LocalModel
from apps.serving.services import set_model_enabled
from tests.factories.accounts import make_member, make_project
from tests.factories.local_models import make_adapter, make_base, model_folder
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def base(project, tmp_path):
    return make_base(project, tmp_path / "base", name="tiny")


@pytest.fixture
def adapter(base, tmp_path):
    return make_adapter(base, tmp_path / "trained", name="support-v1")


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


def text_of(client, name, project, *more):
    answer = client.get(reverse(f"serving:{name}", args=[project.slug, *more]))
    assert answer.status_code == 200
    return answer.content.decode()


def submit(client, project, **fields):
    return client.post(reverse("serving:new_folder", args=[project.slug]), fields, follow=True)


def test_an_adapters_page_shows_base_digest_recipe_and_run(engineer, project, base, adapter):
    text = text_of(engineer, "model", project, adapter.id)
    origin = LocalModel.objects.select_related("artifact").get(model=adapter)
    assert origin.artifact.digest in text
    assert reverse("serving:model", args=[project.slug, base.model.id]) in text
    assert reverse("finetuning:run", args=[project.slug, origin.run_id]) in text
    assert "rank" in text
    assert "Adapters on it" not in text


def test_a_bases_page_shows_its_folder_and_its_adapters(engineer, project, base, adapter):
    text = text_of(engineer, "model", project, base.model.id)
    assert base.folder in text
    assert reverse("serving:model", args=[project.slug, adapter.id]) in text
    assert ">out of service<" not in text
    set_model_enabled(actor=Actor(), model=adapter, enabled=False)
    assert ">out of service<" in text_of(engineer, "model", project, base.model.id)


def test_a_hosted_model_says_nothing_of_where_it_comes_from(engineer, project):
    model = make_model(make_provider(project))
    assert "Where it comes from" not in text_of(engineer, "model", project, model.id)


def test_the_list_marks_adapters_with_their_base(engineer, project, base, adapter):
    text = text_of(engineer, "models", project)
    assert text.count(">adapter<") == 1
    assert "on tiny" in text


def test_a_folder_is_added_and_the_engine_that_lacks_it_is_told_about(engineer, project, engine, tmp_path):
    folder = model_folder(tmp_path / "own")
    answer = submit(engineer, project, name="own", folder=str(folder))
    assert LocalModel.objects.get().folder == str(folder)
    assert "start the engine with --name own" in answer.content.decode()


def test_a_folder_that_the_engine_serves_can_be_called(engineer, project, engine, tmp_path):
    engine.served["own"] = ""
    answer = submit(engineer, project, name="own", folder=str(model_folder(tmp_path / "own")))
    assert "can be finetuned and called" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"folder": "/nowhere/at/all"}, "folder"),
        ({"folder": "models/own"}, "folder"),
        ({"folder": ""}, "folder"),
        ({"name": "no name"}, "name"),
        ({"name": "tiny"}, "name"),
        ({"context_tokens": "0"}, "context_tokens"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(engineer, project, base, tmp_path, fields, wrong):
    given = {"name": "own", "folder": str(model_folder(tmp_path / "own"))} | fields
    answer = submit(engineer, project, **given)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [wrong]


def test_only_engineers_add_folders(client, project, tmp_path):
    client.force_login(make_member(project, Role.ANNOTATOR))
    given = {"name": "own", "folder": str(model_folder(tmp_path / "own"))}
    assert submit(client, project, **given).status_code in (403, 404)
    assert not LocalModel.objects.exists()
