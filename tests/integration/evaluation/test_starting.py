"""Starting an evaluation, and what is refused."""

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.evaluation.models import Evaluation
from apps.serving.services import set_model_enabled, set_provider_enabled
from tests.factories.accounts import make_member, make_project
from tests.factories.evaluation import make_evaluation, make_exam, make_rows
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def provider(project):
    return make_provider(project)


@pytest.fixture
def novel(provider):
    return make_model(provider, name="novel")


@pytest.fixture
def steady(provider):
    return make_model(provider, name="steady")


def refusal(*args, **fields):
    with pytest.raises(ValidationError) as refused:
        make_evaluation(*args, **fields)
    assert not Evaluation.objects.exists()
    assert not Job.objects.exists()
    ((field, (text,)),) = refused.value.message_dict.items()
    return field, text


def test_an_evaluation_waits_as_a_job_on_its_pool(novel, steady, project):
    engineer = make_member(project)
    exam = make_exam(project, name="desk")
    request = {"system_prompt": "Be kind.", "defaults": {"temperature": 0}}
    evaluation = make_evaluation(novel, steady, version=exam, request=request, actor=Actor(user=engineer))
    assert (evaluation.title, evaluation.split, evaluation.request) == ("novel against steady", "test", request)
    assert evaluation.created_by == engineer
    job = evaluation.job
    assert (job.kind, job.state, job.pool.name, job.project) == ("evaluation", "queued", "cpu", project)
    assert job.spec == {"dataset_version": str(exam.id), "split": "test"}
    event = AuditEvent.objects.get(action="evaluation.started")
    assert (event.actor, event.detail["dataset"]) == (engineer, "desk v1")


def test_without_an_incumbent_the_title_names_the_dataset(novel, project):
    assert make_evaluation(novel, version=make_exam(project, name="desk")).title == "novel on desk v1"


def test_the_compared_field_is_the_first_of_the_schema_with_fixed_choices(novel, project):
    assert make_evaluation(novel).field == "intent"
    assert make_evaluation(novel, version=make_exam(project, schema=None)).field == ""
    assert make_evaluation(novel, version=make_exam(project, schema=None), field="reply").field == "reply"


def test_a_field_that_no_answer_has_is_refused_with_those_that_there_are(novel, project):
    field, text = refusal(novel, field="mood")
    assert field == "field"
    assert text == "No expected answer has the field 'mood'. They have: intent, reply."


def test_an_empty_split_is_refused_with_those_that_have_rows(novel, project):
    exam = make_exam(project, [*make_rows(3), *make_rows(9, split="train")[3:]], name="desk")
    field, text = refusal(novel, version=exam, split="validation")
    assert field == "split"
    assert text == "desk v1 has no rows in the split 'validation'. It has: train 6, test 3."


def test_a_model_cannot_be_compared_with_itself(novel):
    assert refusal(novel, novel)[0] == "incumbent"


@pytest.mark.parametrize("role", ["candidate", "incumbent"])
def test_models_of_other_projects_are_refused(novel, project, role):
    theirs = make_model(make_provider(make_project()))
    pair = (theirs, novel) if role == "candidate" else (novel, theirs)
    field, text = refusal(*pair, project=project, version=make_exam(project))
    assert field == role
    assert "another project" in text


def test_a_dataset_of_another_project_is_refused(novel):
    assert refusal(novel, version=make_exam(make_project()))[0] == "dataset_version"


def test_models_that_are_out_of_service_are_refused(novel, steady, provider):
    set_model_enabled(actor=Actor(), model=steady, enabled=False)
    assert refusal(novel, steady) == ("incumbent", "The model steady is out of service. Put it into service first.")
    set_provider_enabled(actor=Actor(), provider=provider, enabled=False)
    assert refusal(novel)[0] == "candidate"


@pytest.mark.parametrize(
    "request_", [{"mood": "kind"}, {"system_prompt": 3}, {"defaults": [1]}, {"defaults": {"model": "x"}}]
)
def test_a_request_that_is_none_is_refused(novel, request_):
    assert refusal(novel, request=request_)[0] == "request"
