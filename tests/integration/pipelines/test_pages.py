"""The wheel's pages."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationItem
from apps.compute.models import Job, Pool
from apps.gateway.services import publish_route_version
from apps.pipelines.models import Promotion, Turn, Wheel
from apps.pipelines.services import advance_turn, promote_turn
from tests.factories.accounts import browser, make_member, make_project
from tests.factories.annotation import make_item, make_queue
from tests.factories.datasets import make_dataset, make_row, make_version_of
from tests.factories.evaluation import SCHEMA, make_exam, make_rows
from tests.factories.finetuning import make_base
from tests.factories.gateway import make_route
from tests.factories.pipelines import end, lessons, make_turn, make_wheel, passed_turn, promoted, refused_turn, train
from tests.factories.tracing import make_trace
from tests.helpers.pages import said

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'


def page(client, name, project, /, *more, headers=None, **query):
    return client.get(reverse(f"pipelines:{name}", args=[project.slug, *more]), query, headers=headers)


def press(client, name, project, /, *more, **fields):
    return client.post(reverse(f"pipelines:{name}", args=[project.slug, *more]), fields, follow=True)


def text_of(answer):
    return " ".join(answer.content.decode().split())


# --- who sees what ----------------------------------------------------------------------------------------------


def test_a_viewer_sees_the_wheel_and_its_turns_but_no_button(viewer, wheel, tmp_path):
    turn = passed_turn(wheel, tmp_path / "trained")
    for answer in (
        page(viewer, "wheels", wheel.project),
        page(viewer, "wheel", wheel.project, wheel.id),
        page(viewer, "turn", wheel.project, turn.id),
        page(viewer, "lineage", wheel.project, turn.run.model.id),
    ):
        assert answer.status_code == 200
        for button in ("Start a turn", "Change parts", "New wheel", "Promote support", "Roll back"):
            assert button not in text_of(answer)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANNOTATOR])
def test_who_may_not_edit_moves_nothing(wheel, tmp_path, role):
    turn = passed_turn(wheel, tmp_path / "trained")
    client = browser(make_member(wheel.project, role))
    for name, number in (("start", wheel.id), ("promote", turn.id), ("rollback", turn.id), ("change", wheel.id)):
        assert press(client, name, wheel.project, number).status_code == 403
    assert (wheel.turns.count(), Promotion.objects.count()) == (1, 0)


def test_wheels_turns_and_models_of_another_project_are_not_found(engineer, wheel):
    other = make_turn(make_wheel(make_project()))
    for name, number in (("wheel", other.wheel.id), ("turn", other.id), ("lineage", other.wheel.base.id)):
        assert page(engineer, name, wheel.project, number).status_code == 404
    for name, number in (("start", other.wheel.id), ("promote", other.id), ("rollback", other.id)):
        assert press(engineer, name, wheel.project, number).status_code == 404
    assert page(engineer, "change", wheel.project, other.wheel.id).status_code == 404
    assert page(engineer, "turn", wheel.project, uuid.uuid4()).status_code == 404


def test_the_list_shows_the_wheels_of_this_project_only(engineer, wheel):
    elsewhere = make_project()
    base = make_base(elsewhere)
    make_wheel(elsewhere, base=base, route=make_route(base, name="somebody-elses"))
    shown = text_of(page(engineer, "wheels", wheel.project))
    assert "support" in shown
    assert "somebody-elses" not in shown


# --- making and changing one ------------------------------------------------------------------------------------


def parts(wheel, **fields):
    known = {name: str(getattr(wheel, name).id) for name in ("queue", "exam", "base", "pool")}
    return known | {"recipe": '{"epochs": 3}', "gate": '{"least_gain": 0.02}'} | fields


def test_an_engineer_makes_a_wheel(engineer, project):
    base = make_base(project)
    route, queue, exam = make_route(base), make_queue(project, schema=SCHEMA), make_exam(project)
    pool = Pool.objects.create(name="cpu")
    fields = {"route": route.id, "queue": queue.id, "exam": exam.id, "base": base.id, "pool": pool.id}
    answer = press(engineer, "new", project, **fields, recipe='{"epochs": 3}', gate="{}", auto_promote="on")
    made = Wheel.objects.get()
    assert said(answer) == "The wheel of support can turn now."
    assert (made.route, made.dataset, made.exam, made.recipe) == (route, queue.dataset, exam, {"epochs": 3})
    assert (made.auto_promote, made.gate["least_gain"]) == (True, 0.0)


def test_a_project_without_parts_is_told_what_to_make_first(engineer, project):
    shown = text_of(page(engineer, "new", project))
    assert "First make these" in shown
    for part in ("route", "annotation queue", "dataset version", "model"):
        assert f">{part}</a>" in shown


def test_a_route_that_has_a_wheel_is_not_offered_again(engineer, wheel):
    answer = press(engineer, "new", wheel.project, route=wheel.route.id, **parts(wheel))
    assert answer.status_code == 422
    assert "route" in answer.context["form"].errors


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"gate": '{"least_gian": 1}'}, "gate", "least_gian is not a setting of the gate."),
        ({"gate": '{"least_gain": 2}'}, "gate", "a share from 0 to 1"),
        ({"gate": '{"field": "urgency"}'}, "gate", "has the field 'urgency', so the gate could not decide"),
        ({"gate": "[1]"}, "gate", "This has to be a JSON object"),
        ({"gate": "{"}, "gate", "This has to be a JSON object"),
        ({"recipe": '{"epochs": 0}'}, "recipe", "epochs"),
        ({"recipe": '{"rnak": 8}'}, "recipe", "rnak"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field_and_changes_nothing(engineer, wheel, fields, field, words):
    answer = press(engineer, "change", wheel.project, wheel.id, **parts(wheel, **fields))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert Wheel.objects.get().gate == wheel.gate


def test_an_exam_has_rows_that_are_asked_and_none_that_are_learnt(engineer, wheel):
    training_only = make_exam(wheel.project, make_rows(20, split="train"))
    learnt = make_version_of(wheel.dataset, *make_rows(20))
    for exam, words in ((training_only, "has no rows in the split"), (learnt, "has to be another dataset")):
        answer = press(engineer, "change", wheel.project, wheel.id, **parts(wheel, exam=exam.id))
        assert words in " ".join(answer.context["form"].errors["exam"])


def test_parts_of_another_project_are_not_offered(engineer, wheel):
    other = make_wheel(make_project())
    for name in ("queue", "exam", "base"):
        fields = parts(wheel, **{name: getattr(other, name).id})
        answer = press(engineer, "change", wheel.project, wheel.id, **fields)
        assert list(answer.context["form"].errors) == [name]


def test_a_wheel_is_changed(engineer, wheel):
    queue = make_queue(wheel.project, schema=SCHEMA)
    answer = press(engineer, "change", wheel.project, wheel.id, **parts(wheel, queue=queue.id))
    changed = Wheel.objects.get()
    assert said(answer) == "The wheel of support is changed."
    assert (changed.queue, changed.dataset, changed.gate["least_gain"]) == (queue, queue.dataset, 0.02)
    assert AuditEvent.objects.get(action="wheel.changed").detail["gate"] == changed.gate


# --- what a wheel waits for -------------------------------------------------------------------------------------


def test_a_project_without_a_wheel_says_what_one_is_for(engineer, viewer, project):
    assert "New wheel" in text_of(page(engineer, "wheels", project))
    assert "An engineer of this project can make one." in text_of(page(viewer, "wheels", project))


def test_the_page_of_a_wheel_says_what_moves_it_on(engineer, wheel, tmp_path):
    def shown():
        return text_of(page(engineer, "wheel", wheel.project, wheel.id))

    assert "Nothing waits" in shown()
    item = make_item(wheel.queue)
    assert "1 answer</a> of this route waits to be corrected" in shown()
    item.mark_disputed()
    assert "Annotators disagree on" in shown()
    AnnotationItem.objects.update(state="accepted", resolution={"intent": "trade_in", "reply": "Yes."})
    assert "1 accepted answer has not been learnt yet" in shown()
    turn = make_turn(wheel)
    assert "A turn is under way" in shown()
    end(turn.run.job, Job.State.FAILED, "The disk is full.")
    advance_turn(turn_id=turn.id)
    assert "Next: see what went wrong" in shown()
    passed_turn(wheel, tmp_path / "trained")
    assert "Next: promote" in shown()
    chart = page(engineer, "wheel", wheel.project, wheel.id).context["chart"]
    assert chart.rows == [["turn 2", "50.0 %", "100.0 %", "Passed"]]
    assert [bars["y"] for bars in chart.figure["data"]] == [[50.0], [100.0]]


def test_the_live_part_of_a_page_comes_alone(engineer, wheel):
    turn = make_turn(wheel)
    for name, number in (("wheel", wheel.id), ("turn", turn.id)):
        part = page(engineer, name, wheel.project, number, headers={"HX-Request": "true"})
        assert b"<html" not in part.content
        assert b'hx-trigger="live"' in part.content


# --- turning ----------------------------------------------------------------------------------------------------


def test_an_engineer_starts_a_turn_and_sees_it(engineer, wheel):
    make_version_of(wheel.dataset, *lessons())
    answer = press(engineer, "start", wheel.project, wheel.id)
    turn = Turn.objects.get()
    assert answer.request["PATH_INFO"] == reverse("pipelines:turn", args=[wheel.project.slug, turn.id])
    assert "waiting for a worker" in text_of(answer)


def test_a_turn_that_cannot_begin_says_why_on_the_page_of_the_wheel(engineer, wheel):
    answer = press(engineer, "start", wheel.project, wheel.id)
    assert said(answer).startswith("There is nothing to learn from yet")
    make_turn(wheel)
    assert "under way" in said(press(engineer, "start", wheel.project, wheel.id))


def test_a_failed_turn_says_why_and_leads_to_its_job(engineer, wheel):
    turn = make_turn(wheel)
    end(turn.run.job, Job.State.FAILED, "The disk is full.")
    advance_turn(turn_id=turn.id)
    shown = text_of(page(engineer, "turn", wheel.project, turn.id))
    assert "The finetuning failed. The disk is full." in shown
    assert reverse("compute:job", args=[wheel.project.slug, turn.run.job.id]) in shown


def test_a_refused_turn_shows_every_reason_and_no_way_round_it(engineer, wheel, tmp_path):
    turn = refused_turn(wheel, tmp_path / "trained")
    shown = text_of(page(engineer, "turn", wheel.project, turn.id))
    assert "refused by the gate" in shown
    assert "the lower end is not above 0.0" in shown
    assert "answers are valid JSON" in shown
    assert "Promote support-turn-1" not in shown
    assert (
        said(press(engineer, "promote", wheel.project, turn.id)) == "Only a model that passed its gate can be promoted."
    )


def test_promoting_and_rolling_back_are_one_press_each(engineer, wheel, tmp_path):
    turn = passed_turn(wheel, tmp_path / "trained")
    assert "Promote support-turn-1" in text_of(page(engineer, "turn", wheel.project, turn.id))
    answer = press(engineer, "promote", wheel.project, turn.id)
    assert said(answer) == "support-turn-1 takes the traffic of support."
    assert f"Roll back to {wheel.base}" in text_of(answer)
    answer = press(engineer, "rollback", wheel.project, turn.id)
    assert said(answer) == f"{wheel.base} takes the traffic of support again."
    assert "Promote support-turn-1" in text_of(answer)
    assert said(press(engineer, "rollback", wheel.project, turn.id)) == "There is no promotion to take back."


def test_a_promotion_that_came_too_late_says_why(engineer, wheel, tmp_path):
    turn = passed_turn(wheel, tmp_path / "trained")
    publish_route_version(actor=Actor(), route=wheel.route, model=wheel.base)
    assert "was changed since this model was measured" in said(press(engineer, "promote", wheel.project, turn.id))


# --- lineage ----------------------------------------------------------------------------------------------------


def test_the_lineage_page_leads_from_the_model_to_each_step(engineer, wheel, tmp_path):
    promotion = promoted(wheel, tmp_path / "trained")
    turn = promotion.turn
    shown = text_of(page(engineer, "lineage", wheel.project, turn.run.model.id))
    slug = wheel.project.slug
    for address in (
        reverse("gateway:route", args=[slug, wheel.route.id]),
        reverse("pipelines:turn", args=[slug, turn.id]),
        reverse("finetuning:run", args=[slug, turn.run.id]),
        reverse("datasets:version", args=[slug, wheel.dataset.name, turn.dataset_version.number]),
    ):
        assert address in shown
    assert "imported 12" in shown


def test_a_base_model_has_no_lineage(engineer, wheel):
    assert page(engineer, "lineage", wheel.project, wheel.base.id).status_code == 404


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "-1"}, {"page": "0"}, {"page": "9" * 30}, {"kind": HOSTILE}])
def test_what_nobody_would_type_is_answered_all_the_same(engineer, wheel, tmp_path, query):
    turn = train(make_turn(wheel), tmp_path / "trained")
    answer = page(engineer, "lineage", wheel.project, turn.run.model.id, **query)
    assert answer.status_code == 200
    assert HOSTILE not in answer.content.decode()


def test_texts_of_customers_are_shown_as_they_are(engineer, wheel, tmp_path):
    make_version_of(wheel.dataset, *lessons(), make_row(HOSTILE, HOSTILE, split="train"))
    turn = train(make_turn(wheel), tmp_path / "trained")
    end(turn.evaluation.job, Job.State.FAILED, HOSTILE)
    advance_turn(turn_id=turn.id)
    for answer in (
        page(engineer, "lineage", wheel.project, turn.run.model.id),
        page(engineer, "turn", wheel.project, turn.id),
    ):
        assert HOSTILE not in answer.content.decode()
        assert "&lt;script&gt;alert" in answer.content.decode()


def test_the_pages_ask_no_more_of_the_database_for_more_rows(engineer, wheel, tmp_path):
    def queries(name, number):
        page(engineer, name, wheel.project, number)
        with CaptureQueriesContext(connection) as seen:
            assert page(engineer, name, wheel.project, number).status_code == 200
        return len(seen)

    first = passed_turn(wheel, tmp_path / "one")
    before = queries("wheel", wheel.id), queries("lineage", first.run.model.id)
    make_version_of(wheel.dataset, *lessons(200))
    second = passed_turn(wheel, tmp_path / "two")
    assert (queries("wheel", wheel.id), queries("lineage", second.run.model.id)) == before


# --- examples from traces ---------------------------------------------------------------------------------------


def test_an_engineer_makes_a_version_of_traces(engineer, project):
    trace, dataset = make_trace(project), make_dataset(project)
    answer = press(engineer, "add_traces", project, dataset=dataset.id, range="24h", judged="", tags="mine, yours")
    assert said(answer) == f"{dataset} v1 holds 1 row."
    (row,) = [member.example for member in dataset.versions.get().members.select_related("example")]
    assert (row.trace_id, row.tags) == (trace.trace_id, ["mine", "yours"])


def test_when_no_trace_fits_the_form_says_so(engineer, project):
    dataset = make_dataset(project)
    answer = press(engineer, "add_traces", project, dataset=dataset.id, range="24h")
    assert answer.status_code == 422
    assert "No trace fits: choose a longer time or fewer filters." in text_of(answer)
    assert not dataset.versions.exists()


def test_a_dataset_of_another_project_takes_no_traces(engineer, project):
    make_trace(project)
    foreign = make_dataset(make_project())
    assert press(engineer, "add_traces", project, dataset=foreign.id, range="24h").status_code == 422
    assert not foreign.versions.exists()


def test_the_page_of_a_trace_shows_what_became_of_it(engineer, wheel, tmp_path):
    trace = make_trace(wheel.project)
    at = reverse("tracing:trace", args=[wheel.project.slug, trace.trace_id.hex])
    assert "Nothing yet. A bad thumb brings it before annotators" in text_of(engineer.get(at))
    make_item(wheel.queue, trace_id=trace.trace_id)
    make_version_of(wheel.dataset, *lessons(), make_row("Mine?", trace_id=trace.trace_id, split="train"))
    turn = passed_turn(wheel, tmp_path / "trained")
    promote_turn(actor=Actor(), turn=turn)
    shown = text_of(engineer.get(at))
    for address in (
        reverse("pipelines:lineage", args=[wheel.project.slug, turn.run.model.id]),
        reverse("pipelines:turn", args=[wheel.project.slug, turn.id]),
    ):
        assert address in shown
    assert "for bad feedback: open." in shown
