"""The job of a run: what its trainer gets, and what becomes of the adapter."""

import json
import shutil
import sys

import pytest

from apps.accounts.services import Actor
from apps.compute.services import JobProblem, fetch_artifact
from apps.finetuning.domain.recipe import Recipe
from apps.finetuning.engine.kind import FinetuneKind
from apps.finetuning.signals import run_ended
from apps.serving.domain.harbor_desk import MODEL_FOLDER
from apps.serving.models import CatalogueModel, LocalModel
from apps.serving.services import AdapterNotLoaded
from tests.factories.accounts import make_member, make_project
from tests.factories.finetuning import leave_adapter, make_base, make_lessons, make_run
from tests.factories.serving import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def kind():
    return FinetuneKind()


@pytest.fixture
def loaded(monkeypatch):
    """Models that the engine was asked to serve."""
    models = []
    monkeypatch.setattr("apps.finetuning.engine.kind.load_adapter", lambda *, model: models.append(model))
    return models


@pytest.fixture
def ended():
    """Ids of the runs of which it was said that they ended."""
    ids = []

    def note(run_id, **kwargs):
        ids.append(run_id)

    run_ended.connect(note)
    yield ids
    run_ended.disconnect(note)


def spec_in(folder):
    return json.loads((folder / "spec.json").read_text())


def rows_in(path):
    return [json.loads(line)["messages"] for line in path.read_text().splitlines()]


def test_the_trainer_gets_base_recipe_and_rows(project, kind, tmp_path):
    run = make_run(project, recipe=Recipe(rank=4, threads=3), version=make_lessons(project, train=12, validation=2))
    plan = kind.prepare(run.job, tmp_path, None)
    assert plan.argv == [sys.executable, "-m", "apps.finetuning.trainer", str(tmp_path)]
    assert (plan.env["OMP_NUM_THREADS"], plan.env["HF_HUB_OFFLINE"]) == ("3", "1")
    assert spec_in(tmp_path) == {"base": str(MODEL_FOLDER), "recipe": run.recipe, "checkpoint": None}
    assert [messages[0]["content"] for messages in rows_in(tmp_path / "train.jsonl")] == [
        f"Question {number}" for number in range(12)
    ]
    assert [messages[0]["content"] for messages in rows_in(tmp_path / "validation.jsonl")] == [
        "Question 12",
        "Question 13",
    ]


def test_a_later_attempt_goes_on_from_the_checkpoint(project, kind, tmp_path):
    run = make_run(project)
    kind.prepare(run.job, tmp_path, tmp_path / "checkpoint")
    assert spec_in(tmp_path)["checkpoint"] == str(tmp_path / "checkpoint")


def test_a_base_whose_folder_went_meanwhile_fails_the_job_in_words(project, kind, tmp_path):
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    run = make_run(project, base=make_base(project, folder=folder, name="tiny"))
    shutil.rmtree(folder)
    with pytest.raises(JobProblem, match=r"The base tiny can't be read here\. The model folder"):
        kind.prepare(run.job, tmp_path, None)


def test_a_base_that_is_no_local_model_any_more_fails_the_job_in_words(project, kind, tmp_path):
    run = make_run(project, base=make_base(project, name="tiny"))
    LocalModel.objects.all().delete()
    with pytest.raises(JobProblem, match="The weights of tiny are not on this installation any more"):
        kind.prepare(run.job, tmp_path, None)


def test_success_makes_a_model_on_the_base(project, kind, tmp_path):
    member = make_member(project)
    run = make_run(project, name="taught", actor=Actor(user=member))
    adapter = leave_adapter(tmp_path)
    kind.succeed(run.job, tmp_path, {})
    run.refresh_from_db()
    local = LocalModel.objects.get(model=run.model)
    assert (run.model.name, local.base.model, local.artifact) == ("taught", run.base, run.adapter)
    assert (local.run_id, local.dataset_version_id, local.recipe) == (run.id, run.dataset_version_id, run.recipe)
    kept = fetch_artifact(artifact=run.adapter, into=tmp_path / "again")
    for path in adapter.iterdir():
        assert (kept / path.name).read_bytes() == path.read_bytes()


def test_a_name_that_was_taken_meanwhile_fails_the_job_and_keeps_nothing(project, kind, tmp_path):
    run = make_run(project, name="taught")
    make_model(run.base.provider, name="taught")
    leave_adapter(tmp_path)
    with pytest.raises(JobProblem, match="It was trained, but can't be registered"):
        kind.succeed(run.job, tmp_path, {})
    run.refresh_from_db()
    assert (run.model, run.adapter) == (None, None)


def test_at_the_end_the_model_is_loaded_and_the_news_told(project, kind, tmp_path, loaded, ended):
    run = make_run(project)
    leave_adapter(tmp_path)
    kind.succeed(run.job, tmp_path, {})
    kind.ended(run.job)
    run.refresh_from_db()
    assert loaded == [run.model]
    assert ended == [run.id]


def test_an_engine_that_refuses_changes_nothing_about_the_run(project, kind, tmp_path, monkeypatch, ended):
    def refuse(*, model):
        raise AdapterNotLoaded("The engine is away.")

    monkeypatch.setattr("apps.finetuning.engine.kind.load_adapter", refuse)
    run = make_run(project, name="taught")
    leave_adapter(tmp_path)
    kind.succeed(run.job, tmp_path, {})
    kind.ended(run.job)
    assert ended == [run.id]
    assert CatalogueModel.objects.for_project(project).filter(name="taught").exists()


def test_a_run_without_a_result_ends_too(project, kind, loaded, ended):
    run = make_run(project)
    kind.ended(run.job)
    assert (loaded, ended) == ([], [run.id])
