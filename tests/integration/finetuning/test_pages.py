"""The finetuning pages."""

import uuid

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import cancel_job, ensure_pool
from apps.finetuning.engine.kind import FinetuneKind
from apps.finetuning.models import FinetuneRun
from apps.finetuning.queries import PAGE
from tests.factories.accounts import make_member, make_project
from tests.factories.finetuning import begin, learn, leave_adapter, make_base, make_lessons, make_run
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more, headers=None, **query):
    return client.get(reverse(f"finetuning:{name}", args=[project.slug, *more]), query, headers=headers)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def send(client, project, base, version, **fields):
    url = reverse("finetuning:new", args=[project.slug])
    given = page(client, "new", project).context["form"]
    usual = sent_by(given)
    known = {"base": base.id, "dataset_version": version.id, "pool": ensure_pool(name="cpu").id}
    return client.post(url, {**usual, **known, **fields})


def sent_by(form):
    """What a browser sends of a form that nobody touched: no box that is not ticked."""
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def part(target):
    return {"HX-Request": "true", "HX-Target": target}


def test_the_empty_list_leads_an_engineer_to_the_form(engineer, project):
    assert reverse("finetuning:new", args=[project.slug]) in text_of(page(engineer, "runs", project))


def test_the_empty_list_tells_a_viewer_whom_to_ask(viewer, project):
    said = text_of(page(viewer, "runs", project))
    assert "An engineer of this project can start the first" in said
    assert reverse("finetuning:new", args=[project.slug]) not in said


def test_the_list_shows_runs_newest_first_and_refreshes_while_one_moves(viewer, project):
    base = make_base(project)
    for name in ("first", "second"):
        make_run(project, base=base, name=name)
    answer = page(viewer, "runs", project)
    assert [run.name for run in answer.context["page"].rows] == ["second", "first"]
    assert 'data-live="3"' in text_of(answer)
    Job.objects.update(state="failed")
    assert 'data-live="3"' not in text_of(page(viewer, "runs", project, headers=part("rows")))


def test_long_lists_come_in_pages(viewer, project):
    run = make_run(project)
    others = Job.objects.bulk_create(
        Job(project=project, pool=run.job.pool, kind="finetune", title="x") for _ in range(PAGE)
    )
    FinetuneRun.objects.bulk_create(
        FinetuneRun(project=project, name="x", base=run.base, dataset_version=run.dataset_version, recipe={}, job=job)
        for job in others
    )
    first = page(viewer, "runs", project).context["page"]
    assert len(first.rows) == PAGE
    assert page(viewer, "runs", project, cursor=first.older).context["page"].rows == [run]
    assert page(viewer, "runs", project, cursor="no-id").context["page"].rows == first.rows


def test_the_form_begins_with_the_newest_rows_and_a_free_name(engineer, project):
    base = make_base(project, name="tiny")
    make_lessons(project, name="old")
    newest = make_lessons(project, name="answers", train=40)
    ensure_pool(name="cpu")
    form = page(engineer, "new", project).context["form"]
    assert (form.initial["base"], form.initial["dataset_version"]) == (base, newest)
    assert form.initial["name"] == "tiny-answers-v1"
    make_run(project, base=base, version=newest, name="tiny-answers-v1")
    assert page(engineer, "new", project).context["form"].initial["name"] == "tiny-answers-v1-2"


def test_a_link_can_choose_base_and_dataset(engineer, project):
    base = make_base(project, name="tiny")
    make_base(project, name="other")
    wanted = make_lessons(project)
    make_lessons(project)
    ensure_pool(name="cpu")
    form = page(engineer, "new", project, base=base.id, dataset_version=wanted.id).context["form"]
    assert (form.initial["base"], form.initial["dataset_version"]) == (base, wanted)
    assert page(engineer, "new", project, base="nonsense").status_code == 200


def test_the_form_says_what_a_run_would_do_and_says_it_anew_when_settings_change(engineer, project):
    base, version = make_base(project), make_lessons(project, train=40)
    pool = ensure_pool(name="cpu")
    assert "40 training rows, 20 steps in all." in text_of(page(engineer, "new", project))
    given = page(engineer, "new", project).context["form"]
    settings = sent_by(given)
    settings |= {"base": base.id, "dataset_version": version.id, "pool": pool.id}
    said = text_of(page(engineer, "new", project, headers=part("plan"), **settings | {"epochs": 2, "batch_size": 4}))
    assert "40 training rows, 20 steps in all." in said
    assert "<html" not in said
    said = text_of(page(engineer, "new", project, headers=part("plan"), **settings | {"epochs": "many"}))
    assert "once the settings make sense" in said


def test_too_few_rows_are_said_before_anything_is_sent(engineer, project):
    make_base(project)
    make_lessons(project, train=3)
    ensure_pool(name="cpu")
    assert "That is too few: ten are the least" in text_of(page(engineer, "new", project))


def test_rows_without_validation_make_a_run_but_the_form_says_what_that_costs(engineer, project):
    base = make_base(project)
    ensure_pool(name="cpu")
    with_some, without = make_lessons(project, validation=2), make_lessons(project, validation=0)
    words = "It has no validation rows"
    assert words not in text_of(page(engineer, "new", project, dataset_version=with_some.id))
    assert words in text_of(page(engineer, "new", project, dataset_version=without.id))
    send(engineer, project, base, without)
    assert FinetuneRun.objects.get().dataset_version == without


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("base", "No model to finetune"),
        ("lessons", "No dataset to learn from yet"),
        ("pool", "No pool to run it on yet"),
    ],
)
def test_what_is_still_missing_is_said_with_a_way_to_get_it(engineer, project, missing, words):
    if missing != "base":
        make_base(project)
    if missing == "pool":
        make_lessons(project)
    assert words in text_of(page(engineer, "new", project))


def test_sending_the_form_starts_a_run_with_the_recipe_of_the_form(engineer, project):
    base, version = make_base(project), make_lessons(project)
    ensure_pool(name="cpu")
    answer = send(engineer, project, base, version, name="taught", rank=4, train_embeddings="on", system_prompt="JSON.")
    run = FinetuneRun.objects.get()
    assert answer.headers["Location"] == reverse("finetuning:run", args=[project.slug, run.id])
    assert (run.name, run.recipe["rank"], run.recipe["train_embeddings"]) == ("taught", 4, True)
    assert run.recipe["system_prompt"] == "JSON."


def test_a_setting_out_of_bounds_is_said_beside_it_and_its_fold_is_open(engineer, project):
    base, version = make_base(project), make_lessons(project)
    ensure_pool(name="cpu")
    answer = send(engineer, project, base, version, rank=0)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"rank": ["rank lies between 1 and 512."]}
    assert '<details class="fold" open>' in text_of(answer)
    assert '<details class="fold">' in text_of(page(engineer, "new", project))


def test_what_the_service_refuses_stands_beside_its_field(engineer, project):
    base, version = make_base(project, name="tiny"), make_lessons(project, train=1)
    ensure_pool(name="cpu")
    answer = send(engineer, project, base, version)
    assert "One example is not enough" in answer.context["form"].errors["dataset_version"][0]
    enough = make_lessons(project)
    answer = send(engineer, project, base, enough, name="tiny")
    assert "already has a model called" in answer.context["form"].errors["name"][0]
    assert not FinetuneRun.objects.exists()


def test_only_models_with_weights_here_are_offered(engineer, project):
    make_model(make_provider(project), name="remote")
    base = make_base(project)
    make_base(make_project())
    assert list(page(engineer, "new", project).context["form"].fields["base"].queryset) == [base]


def test_a_viewer_may_look_but_not_start_or_cancel(viewer, project):
    run = begin(make_run(project))
    assert page(viewer, "new", project).status_code == 403
    said = text_of(page(viewer, "run", project, run.id))
    assert reverse("compute:cancel", args=[project.slug, run.job_id]) not in said


def test_a_run_shows_how_far_it_is_and_what_it_learns_from(engineer, project):
    version = make_lessons(project, train=40)
    run = begin(make_run(project, version=version, base=make_base(project, name="tiny")))
    learn(run, {1: 2.0, 2: 1.5}, {2: 1.75})
    answer = page(engineer, "run", project, run.id)
    said = text_of(answer)
    assert "training, step 40 of 100" in said
    assert "75 s left" in said
    assert "the 40 training rows of" in said
    assert answer.context["chart"].rows == [[1, 2.0, None], [2, 1.5, 1.75]]
    assert reverse("compute:cancel", args=[project.slug, run.job_id]) in said
    assert 'data-live="2"' in said
    assert "<html" not in text_of(page(engineer, "run", project, run.id, headers=part("live")))


def test_a_run_that_succeeded_leads_to_its_model_and_moves_no_more(engineer, project, tmp_path):
    run = make_run(project)
    leave_adapter(tmp_path)
    FinetuneKind().succeed(run.job, tmp_path, {})
    reported = {"loss": 0.0123, "validation_loss": 0.0456, "trainable_parameters": 12_000, "device": "CPU"}
    Job.objects.update(state="succeeded", result={"reported": reported})
    run.refresh_from_db()
    said = text_of(page(engineer, "run", project, run.id))
    assert reverse("serving:model", args=[project.slug, run.model.id]) in said
    assert "0.0123" in said
    assert "0.0456" in said
    assert 'data-live="2"' not in said


def test_the_new_models_page_leads_back_to_base_dataset_and_run_and_on_to_its_lineage(engineer, project, tmp_path):
    run = make_run(project)
    leave_adapter(tmp_path)
    FinetuneKind().succeed(run.job, tmp_path, {})
    run.refresh_from_db()
    said = text_of(engineer.get(reverse("serving:model", args=[project.slug, run.model.id])))
    version = run.dataset_version
    lineage = reverse("pipelines:lineage", args=[project.slug, run.model.id])
    for address in (
        reverse("serving:model", args=[project.slug, run.base.id]),
        reverse("datasets:version", args=[project.slug, version.dataset.name, version.number]),
        reverse("finetuning:run", args=[project.slug, run.id]),
        lineage,
    ):
        assert f'href="{address}"' in said
    assert str(version) in text_of(engineer.get(lineage))


def test_a_run_that_was_cancelled_can_be_tried_again(engineer, project):
    run = make_run(project)
    cancel_job(actor=Actor(), job=run.job)
    said = text_of(page(engineer, "run", project, run.id))
    assert reverse("compute:retry", args=[project.slug, run.job_id]) in said
    assert reverse("compute:cancel", args=[project.slug, run.job_id]) not in said


def test_a_failed_run_says_why_and_hostile_text_stays_text(engineer, project):
    run = make_run(project)
    Job.objects.update(state="failed", error=HOSTILE)
    FinetuneRun.objects.update(name=HOSTILE, recipe={"system_prompt": HOSTILE})
    for answer in (page(engineer, "run", project, run.id), page(engineer, "runs", project)):
        assert HOSTILE not in answer.content.decode()
        assert "&lt;script&gt;alert" in answer.content.decode()


def test_runs_of_other_projects_do_not_exist(engineer, project):
    other = make_project()
    run = make_run(other)
    assert page(engineer, "run", project, run.id).status_code == 404
    assert page(engineer, "run", project, uuid.uuid4()).status_code == 404
    assert page(engineer, "runs", other).status_code == 404
    assert page(engineer, "new", other).status_code == 404
    assert run.name not in text_of(page(engineer, "runs", project))


def test_datasets_and_bases_of_other_projects_cannot_be_chosen(engineer, project):
    base, version = make_base(project), make_lessons(project)
    ensure_pool(name="cpu")
    other = make_project()
    answer = send(engineer, project, make_base(other), version)
    assert "base" in answer.context["form"].errors
    answer = send(engineer, project, base, make_lessons(other))
    assert "dataset_version" in answer.context["form"].errors


def test_pages_cost_few_queries_however_many_runs_there_are(engineer, project, django_assert_max_num_queries):
    base = make_base(project)
    for _ in range(3):
        make_run(project, base=base)
    with django_assert_max_num_queries(12):
        page(engineer, "runs", project)
    run = begin(make_run(project, base=base))
    learn(run, {step: 1.0 / step for step in range(1, 50)})
    with django_assert_max_num_queries(14):
        page(engineer, "run", project, run.id)
