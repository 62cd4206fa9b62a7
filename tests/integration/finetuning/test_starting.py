"""Starting a run, and what is refused."""

import shutil

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import cancel_job, store_folder
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.models import FinetuneRun
from apps.serving.domain.harbor_desk import MODEL_FOLDER
from apps.serving.services import register_adapter, set_model_enabled
from tests.factories.accounts import make_member, make_project
from tests.factories.finetuning import leave_adapter, make_base, make_lessons, make_run
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def refusal(*args, **fields):
    with pytest.raises(ValidationError) as refused:
        make_run(*args, **fields)
    assert not FinetuneRun.objects.exists()
    assert not Job.objects.exists()
    return {name: " ".join(texts) for name, texts in refused.value.message_dict.items()}


def test_a_run_is_a_job_that_waits_in_its_pool(project):
    member = make_member(project)
    run = make_run(project, name="taught", actor=Actor(user=member), recipe=Recipe(rank=4))
    assert (run.job.state, run.job.kind, run.job.title) == (Job.State.QUEUED, "finetune", "Finetune taught")
    assert (run.created_by, run.model, run.adapter) == (member, None, None)
    event = AuditEvent.objects.get(action="finetune.started")
    assert (event.target, event.actor, event.detail["recipe"]["rank"]) == ("taught", member, 4)


def test_every_value_of_the_recipe_is_kept_as_it_was_that_day(project):
    assert make_run(project).recipe == Recipe().to_json()
    assert make_run(project, recipe=Recipe(epochs=9)).recipe == Recipe(epochs=9).to_json()


@pytest.mark.parametrize(
    ("rows", "words"),
    [(0, "No example is not enough"), (1, "One example is not enough"), (9, "9 examples are not enough")],
)
def test_too_few_training_rows_are_refused(project, rows, words):
    version = make_lessons(project, train=rows, validation=20)
    said = refusal(project, version=version)["dataset_version"]
    assert said == (
        f"{words}: the train split of {version} needs at least 10. "
        "Add rows to the dataset, then finetune on its next version."
    )


def test_ten_training_rows_are_enough(project):
    assert make_run(project, version=make_lessons(project, train=10)).job.state == Job.State.QUEUED


def test_a_dataset_of_another_project_is_refused(project):
    said = refusal(project, version=make_lessons(make_project()))
    assert said == {"dataset_version": "This dataset belongs to another project."}


def test_a_base_of_another_project_is_refused(project):
    assert refusal(project, base=make_base(make_project())) == {"base": "This model belongs to another project."}


def test_a_base_whose_weights_are_elsewhere_is_refused(project):
    remote = make_model(make_provider(project), name="remote")
    said = refusal(project, base=remote)
    assert said == {"base": "The weights of remote are not on this installation, so it can't be finetuned."}


def test_a_base_whose_folder_has_gone_is_refused(project, tmp_path):
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    base = make_base(project, folder=folder, name="tiny")
    shutil.rmtree(folder)
    said = refusal(project, base=base)["base"]
    assert said == f"The base tiny can't be read here. The model folder {folder} does not exist."


def test_a_base_out_of_service_is_refused(project):
    base = make_base(project, name="tiny")
    set_model_enabled(actor=Actor(), model=base, enabled=False)
    assert refusal(project, base=base) == {"base": "The model tiny is out of service. Put it into service first."}


def test_an_adapter_is_no_base_and_the_error_says_what_is(project, tmp_path):
    base = make_base(project, name="tiny")
    adapter = adapter_on(base, tmp_path)
    said = refusal(project, base=adapter)["base"]
    assert said == "clever is an adapter. Choose its base tiny, and a dataset with the old rows and the new."


def adapter_on(base, tmp_path):
    artifact = store_folder(project=base.project, kind="adapter", folder=leave_adapter(tmp_path))
    ids = {"dataset_version_id": make_lessons(base.project).id, "run_id": base.id}
    return register_adapter(actor=Actor(), base=base.local, name="clever", artifact=artifact, recipe={}, **ids)


@pytest.mark.parametrize("name", ["", "with space", "a" * 101])
def test_what_is_no_name_for_a_model_is_refused(project, name):
    with pytest.raises(ValidationError) as refused:
        make_run(project, name=name or " ")
    assert "name" in refused.value.message_dict


def test_the_name_of_a_model_is_taken(project):
    base = make_base(project, name="tiny")
    said = refusal(project, base=base, name="tiny")
    assert said == {"name": "This project already has a model called 'tiny'. Choose another name."}


def test_the_name_of_a_run_under_way_is_taken_until_it_has_ended(project):
    first = make_run(project, name="taught")
    with pytest.raises(ValidationError, match="A run that will be called 'taught' is under way"):
        make_run(project, name="taught")
    cancel_job(actor=Actor(), job=first.job)
    assert make_run(project, name="taught").name == "taught"


def test_another_project_may_use_the_name(project):
    make_run(project, name="taught")
    assert make_run(make_project(), name="taught").name == "taught"
