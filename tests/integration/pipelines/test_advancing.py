"""A turn's way from answers to a decision, and every way in which it can stop."""

import json
import shutil

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.annotation.services import submit_answer
from apps.compute.models import Job
from apps.compute.services import JobProblem, cancel_job, retry_job
from apps.datasets.models import DatasetVersion
from apps.datasets.queries import examples_of, rows_of
from apps.evaluation.models import Evaluation
from apps.feedback.domain.judgement import judgement
from apps.feedback.models import Feedback
from apps.feedback.services import give_feedback
from apps.finetuning.engine.kind import FinetuneKind
from apps.finetuning.models import FinetuneRun
from apps.pipelines.models import Turn
from apps.pipelines.services import advance_turn, change_wheel, start_turn
from apps.pipelines.signals import turn_changed
from apps.pipelines.tasks import catch_up
from apps.serving.domain.harbor_desk import MODEL_FOLDER
from apps.serving.services import set_model_enabled
from llmkit import telemetry as t
from tests.factories.accounts import make_member, make_user
from tests.factories.annotation import make_item
from tests.factories.datasets import make_version_of
from tests.factories.evaluation import answer
from tests.factories.finetuning import make_base
from tests.factories.pipelines import PROMPT, end, examine, lessons, make_turn, make_wheel, refused_turn, train
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db


def answered(wheel, count=1, intent="trade_in"):
    """Items of the wheel's queue that an annotator has corrected."""
    for number in range(count):
        item = make_item(wheel.queue, question=f"Complaint {number}?")
        submit_answer(item=item, annotator=make_user(), answer={"intent": intent, "reply": "We take it."})


def praise(project, **fields):
    trace = make_trace(project, **fields)
    said, source = judgement(score=1), Feedback.Source.WIDGET
    give_feedback(project=project, trace_id=trace.trace_id, judgement=said, source=source)
    return trace


def learnt(version):
    """What stands in a dataset version: answer by question."""
    return {row.messages[-2]["content"]: row.messages[-1]["content"] for row in rows_of(version)}


def refusal(wheel):
    with pytest.raises(ValidationError) as refused:
        start_turn(actor=Actor(), wheel=wheel)
    assert not wheel.turns.exists()
    assert not Job.objects.exists()
    return " ".join(refused.value.messages)


def parts_of(wheel, **changed):
    names = ("queue", "exam", "base", "pool", "recipe", "gate", "auto_promote")
    return {name: getattr(wheel, name) for name in names} | changed


# --- starting ---------------------------------------------------------------------------------------------------


def test_a_turn_learns_from_the_accepted_answers_on_top_of_what_was_there(wheel):
    make_version_of(wheel.dataset, *lessons(12))
    answered(wheel, 2)
    lead = make_member(wheel.project)
    turn = start_turn(actor=Actor(user=lead), wheel=wheel, message="First corrections")
    assert (turn.number, turn.state, turn.started_by) == (1, "training", lead)
    assert (turn.dataset_version.number, turn.dataset_version.rows, turn.dataset_version.message) == (
        2,
        14,
        "First corrections",
    )
    assert json.loads(learnt(turn.dataset_version)["Complaint 0?"])["intent"] == "trade_in"
    assert (turn.run.name, turn.run.base) == ("support-turn-1", wheel.base)
    assert turn.run.dataset_version == turn.dataset_version
    assert turn.incumbent == wheel.route.active
    assert AuditEvent.objects.get(action="wheel.turned").actor == lead


def test_the_training_sees_the_system_prompt_of_the_route_unless_the_recipe_names_another(wheel):
    assert make_turn(wheel).run.recipe["system_prompt"] == PROMPT
    other = make_wheel(recipe={"system_prompt": "Short.", "epochs": 2})
    recipe = make_turn(other).run.recipe
    assert (recipe["system_prompt"], recipe["epochs"]) == ("Short.", 2)


def test_praised_answers_are_learnt_too_and_never_undo_a_correction(wheel):
    make_version_of(wheel.dataset, *lessons(12))
    praise(wheel.project, question="Do you store boats?", answer=answer("winter_storage"))
    praise(wheel.project, question="Complaint 0?", answer=answer("sail_repair"))
    answered(wheel, 1)
    first = start_turn(actor=Actor(), wheel=wheel)
    assert learnt(first.dataset_version)["Do you store boats?"] == answer("winter_storage")
    assert json.loads(learnt(first.dataset_version)["Complaint 0?"])["intent"] == "trade_in"
    end(first.run.job, Job.State.FAILED)
    advance_turn(turn_id=first.id)
    # The praise for the wrong answer is still there at the next turn.
    second = start_turn(actor=Actor(), wheel=wheel)
    assert json.loads(learnt(second.dataset_version)["Complaint 0?"])["intent"] == "trade_in"


def test_praise_of_another_route_teaches_nothing(wheel):
    make_version_of(wheel.dataset, *lessons(12))
    praise(wheel.project, question="Elsewhere?", attributes={t.ROUTE: "billing"})
    assert "Elsewhere?" not in learnt(start_turn(actor=Actor(), wheel=wheel).dataset_version)


def test_with_nothing_new_the_newest_version_is_trained_on_again(wheel):
    version = make_version_of(wheel.dataset, *lessons())
    assert start_turn(actor=Actor(), wheel=wheel).dataset_version == version


def test_an_empty_queue_and_an_empty_dataset_are_nothing_to_learn_from(wheel):
    assert refusal(wheel) == (
        "There is nothing to learn from yet: annotate items of the queue, or add traces to the dataset."
    )


def test_one_example_is_too_few_and_stays_to_be_published_another_time(wheel):
    answered(wheel, 1)
    assert "needs at least 10" in refusal(wheel)
    assert not DatasetVersion.objects.filter(dataset=wheel.dataset).exists()
    assert wheel.queue.items.publishable().count() == 1


def test_a_base_whose_folder_has_gone_is_told_at_the_start(project, engine, tmp_path):
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    wheel = make_wheel(project, base=make_base(project, folder=folder))
    make_version_of(wheel.dataset, *lessons())
    shutil.rmtree(folder)
    assert "can't be read here" in refusal(wheel)


def test_one_turn_at_a_time(wheel):
    first = make_turn(wheel)
    with pytest.raises(ValidationError, match="under way: wait for it, or cancel its job"):
        start_turn(actor=Actor(), wheel=wheel)
    cancel_job(actor=Actor(), job=first.run.job)
    advance_turn(turn_id=first.id)
    assert start_turn(actor=Actor(), wheel=wheel).number == 2


def test_a_route_with_the_longest_name_still_gives_each_turn_a_name_of_its_own(project, engine):
    wheel = make_wheel(project)
    wheel.route.name = "r" * 100
    wheel.route.save()
    first = make_turn(wheel)
    end(first.run.job, Job.State.FAILED)
    advance_turn(turn_id=first.id)
    names = {first.run.name, make_turn(wheel).run.name}
    assert {name.removeprefix("r" * 80) for name in names} == {"-turn-1", "-turn-2"}


# --- from training to a decision --------------------------------------------------------------------------------


def test_the_end_of_the_training_starts_the_exam_as_the_route_would_ask_it(wheel, tmp_path):
    turn = train(make_turn(wheel), tmp_path / "trained")
    evaluation = turn.evaluation
    assert turn.state == "evaluating"
    assert (evaluation.candidate, evaluation.incumbent) == (turn.run.model, wheel.base)
    assert (evaluation.dataset_version, evaluation.split, evaluation.field) == (wheel.exam, "test", "intent")
    assert evaluation.request == {"system_prompt": PROMPT, "defaults": {"temperature": 0}}


def test_the_exam_compares_the_models_on_the_field_that_the_gate_names(project, engine, tmp_path):
    wheel = make_wheel(project, gate={"field": "reply"})
    turn = train(make_turn(wheel), tmp_path / "trained")
    assert turn.evaluation.field == "reply"
    assert examine(turn).decision["accuracy_after"] == 1.0


def test_what_is_better_passes_and_waits_for_a_person(wheel, tmp_path):
    turn = examine(train(make_turn(wheel), tmp_path / "trained"))
    assert (turn.state, turn.error) == ("passed", "")
    assert (turn.decision["accuracy_before"], turn.decision["accuracy_after"]) == (0.5, 1.0)
    wheel.route.refresh_from_db()
    assert wheel.route.active == turn.incumbent


def test_what_is_no_better_is_refused_with_its_reasons(wheel, tmp_path):
    turn = refused_turn(wheel, tmp_path / "trained")
    assert turn.state == "refused"
    assert [reason["rule"] for reason in turn.decision["reasons"] if not reason["held"]]


def test_a_wheel_that_promotes_by_itself_does_once_the_gate_is_passed(project, engine, tmp_path):
    wheel = make_wheel(project, auto_promote=True)
    turn = examine(train(make_turn(wheel), tmp_path / "trained"))
    promotion = turn.promotions.get()
    wheel.route.refresh_from_db()
    assert (turn.state, promotion.automatic, wheel.route.active) == ("promoted", True, promotion.after)
    assert wheel.route.active.model == turn.run.model


def test_what_stands_against_promoting_by_itself_is_noted_and_a_person_can_try_again(project, engine, tmp_path):
    wheel = make_wheel(project, auto_promote=True)
    turn = train(make_turn(wheel), tmp_path / "trained")
    engine.refusal = "no room for another adapter"
    turn = examine(turn)
    wheel.route.refresh_from_db()
    assert (turn.state, wheel.route.active) == ("passed", turn.incumbent)
    assert "no room for another adapter" in turn.error


def test_each_step_is_taken_once_however_often_its_task_runs(wheel, tmp_path):
    turn = make_turn(wheel)
    advance_turn(turn_id=turn.id)
    assert Turn.objects.get().state == "training"
    train(turn, tmp_path / "trained")
    for _ in range(2):
        catch_up()
    assert Evaluation.objects.count() == 1
    decided = examine(Turn.objects.get())
    for _ in range(2):
        advance_turn(turn_id=turn.id)
        catch_up()
    again = Turn.objects.get()
    assert (again.state, again.updated_at) == ("passed", decided.updated_at)
    assert FinetuneRun.objects.count() == Evaluation.objects.count() == 1


def test_news_that_nobody_heard_is_caught_up_with(wheel, tmp_path):
    turn = make_turn(wheel)
    end(turn.run.job, Job.State.FAILED, "The mast broke.")
    catch_up()
    assert Turn.objects.get().state == "failed"


def test_each_change_of_a_turn_is_announced_on_commit(wheel, tmp_path, django_capture_on_commit_callbacks):
    heard = []

    def hear(turn_id, **_):
        heard.append(Turn.objects.get(id=turn_id).state)

    turn_changed.connect(hear)
    for step in (lambda: make_turn(wheel), lambda: train(Turn.objects.get(), tmp_path / "trained")):
        with django_capture_on_commit_callbacks(execute=True):
            step()
    turn_changed.disconnect(hear)
    assert heard == ["training", "evaluating"]


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_a_training_that_failed_ends_the_turn_with_the_reason_in_plain_words(wheel):
    turn = make_turn(wheel)
    end(turn.run.job, Job.State.FAILED, "The disk is full.")
    turn = advance_turn(turn_id=turn.id)
    assert (turn.state, turn.error) == ("failed", "The finetuning failed. The disk is full.")


def test_a_training_that_was_cancelled_says_so(wheel):
    turn = make_turn(wheel)
    cancel_job(actor=Actor(), job=turn.run.job)
    turn = advance_turn(turn_id=turn.id)
    assert (turn.state, turn.error) == ("failed", "The finetuning was cancelled.")


def test_an_exam_that_was_cancelled_says_so(wheel, tmp_path):
    turn = train(make_turn(wheel), tmp_path / "trained")
    cancel_job(actor=Actor(), job=turn.evaluation.job)
    turn = advance_turn(turn_id=turn.id)
    assert (turn.state, turn.error, turn.decision) == ("failed", "The evaluation was cancelled.", None)


def test_an_exam_that_failed_says_why(wheel, tmp_path):
    turn = train(make_turn(wheel), tmp_path / "trained")
    end(turn.evaluation.job, Job.State.FAILED, "The engine is away.")
    assert advance_turn(turn_id=turn.id).error == "The evaluation failed. The engine is away."


def test_an_exam_that_cannot_begin_ends_the_turn(wheel, tmp_path):
    turn = make_turn(wheel)
    set_model_enabled(actor=Actor(), model=wheel.base, enabled=False)
    turn = train(turn, tmp_path / "trained")
    assert turn.state == "failed"
    assert "is out of service" in turn.error


def test_a_base_that_goes_during_the_training_is_named(project, engine, tmp_path):
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    turn = make_turn(make_wheel(project, base=make_base(project, folder=folder, name="tiny")))
    shutil.rmtree(folder)
    with pytest.raises(JobProblem) as problem:
        FinetuneKind().prepare(turn.run.job, tmp_path, None)
    end(turn.run.job, Job.State.FAILED, str(problem.value))
    turn = advance_turn(turn_id=turn.id)
    assert turn.state == "failed"
    assert "The base tiny can't be read here" in turn.error


def test_a_failed_turn_goes_on_once_its_job_was_tried_again(wheel, tmp_path):
    turn = make_turn(wheel)
    end(turn.run.job, Job.State.FAILED, "The disk is full.")
    advance_turn(turn_id=turn.id)
    retry_job(actor=Actor(), job=turn.run.job)
    assert advance_turn(turn_id=turn.id).state == "failed"
    turn = train(turn, tmp_path / "trained")
    assert (turn.state, turn.error) == ("evaluating", "")
    end(turn.evaluation.job, Job.State.FAILED, "The engine is away.")
    advance_turn(turn_id=turn.id)
    assert examine(turn).state == "passed"


def test_a_turn_that_nobody_can_read_holds_up_none_of_the_others(project, engine, tmp_path, caplog):
    broken = train(make_turn(make_wheel(project)), tmp_path / "one")
    Evaluation.objects.filter(id=broken.evaluation_id).update(report={"rows": "?"})
    end(broken.evaluation.job, Job.State.SUCCEEDED)
    other = make_turn(make_wheel())
    end(other.run.job, Job.State.FAILED)
    catch_up()
    other.refresh_from_db()
    assert other.state == "failed"
    assert str(broken.id) in caplog.text


def test_a_turn_under_way_meets_the_gate_that_is_set_when_it_gets_there(wheel, tmp_path):
    turn = train(make_turn(wheel), tmp_path / "trained")
    change_wheel(actor=Actor(), wheel=wheel, **parts_of(wheel, gate={"least_gain": 0.9}))
    assert examine(turn).state == "refused"


def test_examples_of_a_turn_keep_their_traces(wheel):
    make_version_of(wheel.dataset, *lessons())
    trace = praise(wheel.project, question="Kept?")
    version = start_turn(actor=Actor(), wheel=wheel).dataset_version
    assert examples_of(version).get(trace_id=trace.trace_id).source["kind"] == "feedback"
