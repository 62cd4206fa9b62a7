"""The evaluations pages."""

import uuid

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.compute.models import Job
from apps.compute.services import ensure_pool
from apps.datasets.models import Example
from apps.evaluation.models import Evaluation
from apps.evaluation.queries import PAGE, ROWS
from apps.gateway.services import set_route_enabled
from tests.factories.accounts import make_member, make_project
from tests.factories.evaluation import answer_all, conclude, make_concluded, make_evaluation, make_exam
from tests.factories.gateway import make_route
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def models(project):
    provider = make_provider(project)
    return make_model(provider, name="novel"), make_model(provider, name="steady")


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more, headers=None, **query):
    return client.get(reverse(f"evaluation:{name}", args=[project.slug, *more]), query, headers=headers)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def form_fields(models, version, **fields):
    novel, steady = models
    return {
        "candidate": str(novel.id),
        "incumbent": str(steady.id),
        "dataset_version": str(version.id),
        "split": "test",
        "route": "",
        "field": "",
        "title": "",
        "pool": str(ensure_pool(name="cpu").id),
        **fields,
    }


def submit(client, project, fields):
    return client.post(reverse("evaluation:new", args=[project.slug]), fields)


def test_a_project_without_evaluations_says_what_one_is(engineer, project):
    text = text_of(page(engineer, "evaluations", project))
    assert "No evaluation yet" in text
    assert reverse("evaluation:new", args=[project.slug]) in text


def test_the_list_shows_accuracies_the_difference_with_its_interval_and_the_verdict(viewer, project, models):
    evaluation = make_concluded(*models)
    text = text_of(page(viewer, "evaluations", project))
    assert reverse("evaluation:evaluation", args=[project.slug, evaluation.id]) in text
    for figure in ("80.0 %", "40.0 %", "+40.0", "better", f"{evaluation.dataset_version}"):
        assert figure in text
    assert "New evaluation" not in text


def test_the_list_refetches_itself_as_long_as_something_is_under_way(viewer, project, models):
    evaluation = make_evaluation(*models)
    assert 'data-live="5"' in text_of(page(viewer, "evaluations", project))
    answer_all(evaluation, {model: [] for model in models})
    conclude(evaluation)
    assert 'data-live="5"' not in text_of(page(viewer, "evaluations", project))


def test_long_lists_are_paged(viewer, project, models):
    exam = make_exam(project, 1)
    titles = [f"evaluation {number}" for number in range(PAGE + 5)]
    for title in titles:
        make_evaluation(*models, version=exam, title=title)
    first = page(viewer, "evaluations", project)
    older = first.context["page"].older
    second = page(viewer, "evaluations", project, cursor=older)
    shown = [row.evaluation.title for answer in (first, second) for row in answer.context["page"].rows]
    assert shown == titles[::-1]
    assert page(viewer, "evaluations", project, cursor="nonsense").status_code == 200


def test_an_engineer_starts_an_evaluation_as_a_route_would_ask(engineer, project, models):
    route = make_route(models[1], system_prompt="Be kind.", defaults={"temperature": 0})
    answer = submit(engineer, project, form_fields(models, make_exam(project), route=str(route.id)))
    evaluation = Evaluation.objects.get()
    assert answer.url == reverse("evaluation:evaluation", args=[project.slug, evaluation.id])
    assert (evaluation.candidate, evaluation.incumbent) == models
    assert evaluation.request == {"system_prompt": "Be kind.", "defaults": {"temperature": 0}}
    assert (evaluation.field, evaluation.created_by.email) == ("intent", answer.wsgi_request.user.email)


def test_the_incumbent_may_be_left_out(engineer, project, models):
    submit(engineer, project, form_fields(models, make_exam(project), incumbent=""))
    assert Evaluation.objects.get().incumbent is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"candidate": ""}, "candidate"),
        ({"split": "train"}, "split"),
        ({"split": "holiday"}, "split"),
        ({"field": "mood"}, "field"),
        ({"dataset_version": str(uuid.uuid4())}, "dataset_version"),
        ({"pool": ""}, "pool"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(engineer, project, models, fields, field):
    answer = submit(engineer, project, form_fields(models, make_exam(project), **fields))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Evaluation.objects.exists()


def test_a_model_against_itself_is_refused_at_the_incumbent(engineer, project, models):
    answer = submit(engineer, project, form_fields((models[0], models[0]), make_exam(project)))
    assert list(answer.context["form"].errors) == ["incumbent"]


def test_nothing_of_another_project_can_be_chosen(engineer, project, models):
    theirs = make_model(make_provider(make_project()))
    exam, route = make_exam(theirs.project), make_route(theirs)
    for fields in (
        {"candidate": str(theirs.id)},
        {"incumbent": str(theirs.id)},
        {"dataset_version": str(exam.id)},
        {"route": str(route.id)},
    ):
        answer = submit(engineer, project, form_fields(models, make_exam(project), **fields))
        assert list(answer.context["form"].errors) == list(fields)


def test_routes_out_of_service_are_not_offered(engineer, project, models):
    make_exam(project)
    ensure_pool(name="cpu")
    route = make_route(models[0], name="closed")
    assert "closed" in text_of(page(engineer, "new", project))
    set_route_enabled(actor=Actor(), route=route, enabled=False)
    assert "closed" not in text_of(page(engineer, "new", project))


def test_a_link_can_choose_for_the_form(engineer, project, models):
    exam = make_exam(project)
    ensure_pool(name="cpu")
    form = page(engineer, "new", project, candidate=models[0].id, dataset_version=exam.id, split="train").context[
        "form"
    ]
    assert (form["candidate"].value(), form["split"].value()) == (str(models[0].id), "train")


def test_what_is_missing_for_an_evaluation_is_said_with_the_way_there(engineer, project):
    assert "No model to evaluate yet" in text_of(page(engineer, "new", project))
    make_model(make_provider(project))
    assert "No dataset to evaluate on yet" in text_of(page(engineer, "new", project))
    make_exam(project)
    assert "No pool to run it on yet" in text_of(page(engineer, "new", project))
    ensure_pool(name="cpu")
    assert "Start the evaluation" in text_of(page(engineer, "new", project))


def test_a_viewer_may_look_but_not_start(viewer, project, models):
    evaluation = make_concluded(*models)
    assert "Evaluate again" not in text_of(page(viewer, "evaluation", project, evaluation.id))
    assert page(viewer, "new", project).status_code == 403
    assert submit(viewer, project, form_fields(models, evaluation.dataset_version)).status_code == 403


def test_strangers_and_other_projects_find_nothing(client, project, models):
    evaluation, theirs = make_concluded(*models), make_project()
    client.force_login(make_member(theirs))
    assert page(client, "evaluation", project, evaluation.id).status_code == 404
    assert page(client, "evaluation", theirs, evaluation.id).status_code == 404
    assert page(client, "evaluations", project).status_code == 404
    assert f"{evaluation.title}" not in text_of(page(client, "evaluations", theirs))


def test_while_the_job_runs_the_page_shows_how_far_it_is_and_refetches_itself(viewer, project, models):
    evaluation = make_evaluation(*models)
    Job.objects.update(state="running", progress=0.4, stage="32 of 80 answers", seconds_left=12)
    text = text_of(page(viewer, "evaluation", project, evaluation.id))
    assert "32 of 80 answers" in text
    assert 'data-live="2"' in text
    live = page(viewer, "evaluation", project, evaluation.id, headers={"HX-Request": "true", "HX-Target": "live"})
    assert text_of(live).startswith('<div class="stack stack-loose" id="live"')


def test_once_the_job_has_ended_the_whole_page_comes_anew(viewer, project, models):
    evaluation = make_concluded(*models)
    live = page(viewer, "evaluation", project, evaluation.id, headers={"HX-Request": "true", "HX-Target": "live"})
    assert live.headers["HX-Refresh"] == "true"


def test_an_engineer_can_cancel_the_job_and_start_it_again(engineer, project, models):
    evaluation = make_evaluation(*models)
    cancel, retry = (reverse(f"compute:{name}", args=[project.slug, evaluation.job_id]) for name in ("cancel", "retry"))
    assert cancel in text_of(page(engineer, "evaluation", project, evaluation.id))
    engineer.post(cancel)
    text = text_of(page(engineer, "evaluation", project, evaluation.id))
    assert cancel not in text
    assert retry in text


def test_a_job_that_failed_says_why(viewer, project, models):
    evaluation = make_evaluation(*models)
    Job.objects.update(state="failed", error="Given up: 20 calls in a row failed.")
    text = text_of(page(viewer, "evaluation", project, evaluation.id))
    assert "Given up: 20 calls in a row failed." in text
    assert reverse("compute:job", args=[project.slug, evaluation.job_id]) in text
    assert 'data-live="2"' not in text


def test_the_page_gives_the_verdict_in_words_with_the_numbers_behind_it(viewer, project, models):
    answer = page(viewer, "evaluation", project, make_concluded(*models).id)
    text = text_of(answer)
    assert "novel is better than steady" in text
    assert "Of 40 rows, novel alone was right on 20 and steady alone on 4." in text
    assert "+40.0" in text
    assert "winter_storage" in text
    labels = answer.context["differences"].figure["data"][0]["y"]
    assert labels == ["intent"]
    assert [len(trace["x"]) for trace in answer.context["accuracies"].figure["data"]] == [7, 7]


def test_too_few_rows_are_no_verdict(viewer, project, models):
    few = make_concluded(*models, only_candidate=9, only_incumbent=0, both=5, neither=2)
    text = text_of(page(viewer, "evaluation", project, few.id))
    assert "Not enough data to tell novel from steady" in text
    assert "Fewer than 30 rows" in text


def test_an_evaluation_of_one_model_is_measured_without_a_verdict(viewer, project, models):
    evaluation = make_evaluation(models[0])
    answer_all(evaluation, {models[0]: range(30)})
    answer = page(viewer, "evaluation", project, conclude(evaluation).id)
    assert answer.context["comparison"] is None
    assert answer.context["differences"] is None
    assert "75.0 %" in text_of(answer)
    assert [row.position for row in answer.context["page"].rows] == list(range(30, 40))


def positions(client, project, evaluation, **query):
    return [
        row.position + 1 for row in page(client, "evaluation", project, evaluation.id, **query).context["page"].rows
    ]


def test_the_rows_are_filtered_by_who_was_right(viewer, project, models):
    evaluation = make_concluded(*models, only_candidate=8, only_incumbent=5, both=15, neither=12)
    assert positions(viewer, project, evaluation) == list(range(1, 14))
    assert positions(viewer, project, evaluation, show="candidate") == list(range(1, 9))
    assert positions(viewer, project, evaluation, show="incumbent") == list(range(9, 14))
    assert positions(viewer, project, evaluation, show="neither") == list(range(29, 41))
    assert positions(viewer, project, evaluation, show="all") == list(range(1, ROWS + 1))
    assert positions(viewer, project, evaluation, show="nonsense", cursor="x") == list(range(1, 14))


def test_the_rows_are_paged_in_order(viewer, project, models):
    evaluation = make_concluded(*models, only_candidate=45, only_incumbent=0, both=0, neither=0)
    first = page(viewer, "evaluation", project, evaluation.id).context["page"]
    second = page(viewer, "evaluation", project, evaluation.id, cursor=first.older).context["page"]
    third = page(viewer, "evaluation", project, evaluation.id, cursor=second.older).context["page"]
    assert [row.position for part in (first, second, third) for row in part.rows] == list(range(45))
    assert third.older == ""


def test_htmx_gets_the_rows_alone(viewer, project, models):
    evaluation = make_concluded(*models)
    headers = {"HX-Request": "true", "HX-Target": "rows"}
    text = text_of(page(viewer, "evaluation", project, evaluation.id, show="incumbent", headers=headers))
    assert text.startswith('<div class="stack" id="rows">')
    assert text.count("<tr>") == 1 + 4


def test_a_row_shows_both_answers_the_expected_one_and_the_way_to_its_trace(viewer, project, models):
    evaluation = make_concluded(*models, failing=[0])
    trace_id = uuid.uuid4()
    Example.objects.filter(id=evaluation.predictions.get(model=models[0], position=1).example_id).update(
        trace_id=trace_id
    )
    text = text_of(page(viewer, "evaluation", project, evaluation.id, show="all"))
    assert reverse("tracing:trace", args=[project.slug, trace_id.hex]) in text
    assert "Question 1 about sail repair" in text
    assert "{&quot;intent&quot;:&quot;no_idea&quot;,&quot;reply&quot;:&quot;Ahoy?&quot;}" in text
    assert "The mast broke." in text
    assert "2 of the calls got no answer" in text


def test_what_models_and_people_wrote_is_shown_and_not_run(engineer, project, models):
    evaluation = make_concluded(
        *models, title=HOSTILE, request={"system_prompt": HOSTILE, "defaults": {"stop": HOSTILE}}
    )
    evaluation.predictions.update(output=HOSTILE, error="")
    Example.objects.update(messages=[{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}])
    for answer in (page(engineer, "evaluations", project), page(engineer, "evaluation", project, evaluation.id)):
        assert HOSTILE.encode() not in answer.content


def test_an_evaluation_can_be_repeated_with_the_same_choices(engineer, project, models):
    evaluation = make_concluded(*models)
    text = text_of(page(engineer, "evaluation", project, evaluation.id))
    assert f"?candidate={models[0].id}&amp;incumbent={models[1].id}" in text


def test_a_page_of_rows_costs_as_much_of_a_long_evaluation_as_of_a_short_one(
    viewer, project, models, django_assert_max_num_queries
):
    evaluation = make_concluded(*models, only_candidate=60, only_incumbent=40, both=60, neither=40)
    with django_assert_max_num_queries(14):
        page(viewer, "evaluation", project, evaluation.id)
