"""What an attempt asks, stores and reports, short of the process around it."""

import asyncio
from collections import Counter

import pytest

from apps.compute.services import JobProblem
from apps.datasets.domain.rows import Row
from apps.evaluation.engine.calls import Outcome, Scorer, open_calls
from apps.evaluation.engine.concluding import Incomplete, report_on
from apps.evaluation.engine.exam import HOPELESS, Exam, Failures, Hopeless
from apps.evaluation.engine.kind import EvaluationKind
from apps.evaluation.models import Prediction
from apps.evaluation.signals import evaluation_ended
from apps.serving.services.completing import Completion, ModelCallFailed
from tests.factories.accounts import make_project
from tests.factories.evaluation import answer, answer_all, make_evaluation, make_exam, make_rows
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
DONE = Completion(answer("trade_in"), 12.5, 3, 4)


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def models(project):
    provider = make_provider(project)
    return make_model(provider, name="novel"), make_model(provider, name="steady")


def test_the_models_are_asked_side_by_side_as_the_route_would_ask(project, models):
    own = {"role": "system", "content": "Be brief."}
    rows = make_rows(2)
    rows.append(Row(messages=[own, *make_rows(3)[2].messages], split="test"))
    evaluation = make_evaluation(
        *models,
        version=make_exam(project, [*rows, *make_rows(9, split="train")[3:]]),
        request={"system_prompt": "Be kind."},
    )
    calls = open_calls(evaluation)
    assert [(call.position, call.model.name) for call in calls] == [
        (place, name) for place in range(3) for name in ("novel", "steady")
    ]
    assert [message["role"] for message in calls[0].messages] == ["system", "user"]
    assert [call.messages[0]["content"] for call in calls[::2]] == ["Be kind.", "Be kind.", "Be brief."]
    assert calls[0].expected == answer("winter_storage")


def test_answers_are_scored_and_stored_with_their_time(models):
    evaluation = make_evaluation(*models)
    call = open_calls(evaluation)[4]
    Scorer(evaluation).save([Outcome(call, DONE)])
    prediction = Prediction.objects.get()
    assert (prediction.position, prediction.model, prediction.latency_ms) == (2, models[0], 12.5)
    assert (prediction.correct, prediction.scores["fields"]) == (True, {"intent": True, "reply": True})


def test_an_error_is_wrong_and_kept(models):
    evaluation = make_evaluation(*models)
    Scorer(evaluation).save([Outcome(open_calls(evaluation)[0], None, "The mast broke.")])
    prediction = Prediction.objects.get()
    assert (prediction.error, prediction.output, prediction.correct) == ("The mast broke.", "", False)
    assert prediction.scores["fields"] == {"intent": False, "reply": False}


def test_what_is_stored_twice_stands_once_and_an_error_never_replaces_an_answer(models):
    evaluation = make_evaluation(*models)
    call = open_calls(evaluation)[0]
    for outcome in (
        Outcome(call, None, "Busy."),
        Outcome(call, DONE),
        Outcome(call, DONE),
        Outcome(call, None, "Late."),
    ):
        Scorer(evaluation).save([outcome])
    prediction = Prediction.objects.get()
    assert (prediction.error, prediction.output) == ("", DONE.text)


def test_a_further_attempt_asks_what_is_missing_and_what_failed(models):
    evaluation = make_evaluation(*models)
    first, second, third, *rest = open_calls(evaluation)
    Scorer(evaluation).save([Outcome(first, DONE), Outcome(second, None, "Busy."), Outcome(third, DONE)])
    assert open_calls(evaluation) == [second, *rest]


def test_what_postgres_cannot_hold_is_replaced(models):
    evaluation = make_evaluation(*models)
    Scorer(evaluation).save([Outcome(open_calls(evaluation)[0], Completion("a\0b\ud800c", 1.0, None, None))])
    assert Prediction.objects.get().output == "a\N{REPLACEMENT CHARACTER}b?c"


class Listener:
    """Takes the place of the process's reporter."""

    def __init__(self, stop_after=None):
        self.told, self.stop_after = [], stop_after

    def progress(self, done, *, stage="", seconds_left=None):
        self.told.append((done, stage, seconds_left))

    @property
    def stopping(self):
        return self.stop_after is not None and self.stop_after() is True


def sit(evaluation, ask, *, listener=None, answered=()):
    """One attempt whose calls `ask` answers; what it wanted stored."""
    stored = []

    async def save(outcomes):
        stored.extend(outcomes)

    calls = open_calls(evaluation)
    exam = Exam(
        calls,
        total=len(calls),
        ask=ask,
        save=save,
        reporter=listener or Listener(),
        failures=Failures(answered),
    )
    try:
        asyncio.run(exam.sit())
    except Hopeless as hopeless:
        return stored, str(hopeless)
    return stored, ""


def test_no_more_than_eight_calls_are_under_way_at_once(models):
    under_way, most = 0, 0

    async def ask(call):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return DONE

    stored, problem = sit(make_evaluation(*models), ask)
    assert (len(stored), problem, most) == (80, "", 8)


def test_progress_ends_at_the_whole_with_no_time_left(models):
    async def ask(call):
        return DONE

    listener = Listener()
    sit(make_evaluation(*models), ask, listener=listener)
    assert listener.told[-1] == (1.0, "80 of 80 answers", 0.0)


def failing(*names, message="No route to host"):
    async def ask(call):
        if call.model.name in names:
            raise ModelCallFailed(message)
        return DONE

    return ask


def test_single_failures_are_stored_and_the_exam_goes_on(models):
    async def ask(call):
        if call.position % 5 == 0:
            raise ModelCallFailed("Overloaded.")
        return DONE

    stored, problem = sit(make_evaluation(*models), ask)
    assert problem == ""
    assert Counter(outcome.error for outcome in stored) == {"": 64, "Overloaded.": 16}


def test_when_the_first_calls_all_fail_it_gives_up_and_says_why(models):
    stored, problem = sit(make_evaluation(*models), failing("novel", "steady"))
    assert problem.startswith(f"Given up: {HOPELESS} calls in a row failed.")
    assert "No route to host." in problem
    assert len(stored) <= HOPELESS + 8


def test_a_model_that_never_answers_is_not_measured_while_the_other_does(models):
    stored, problem = sit(make_evaluation(*models), failing("novel"))
    assert "novel last said" in problem
    assert len(stored) < 80


def test_with_few_rows_a_model_that_failed_at_all_of_them_is_noticed_at_the_end(project, models):
    evaluation = make_evaluation(*models, version=make_exam(project, 5))
    assert "every call to steady failed" in sit(evaluation, failing("steady"))[1]
    assert sit(evaluation, failing("steady"), answered={models[1].id})[1] == ""


def test_told_to_stop_it_stores_what_it_has_and_leaves(models):
    asked = []

    async def ask(call):
        asked.append(call)
        return DONE

    stored, problem = sit(make_evaluation(*models), ask, listener=Listener(stop_after=lambda: len(asked) >= 10))
    assert (len(stored), problem) == (len(asked), "")
    assert len(asked) < 20


def test_a_bug_while_asking_is_no_wrong_answer(models):
    async def ask(call):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sit(make_evaluation(*models), ask)


def test_success_brings_the_report(tmp_path, models):
    evaluation = make_evaluation(*models)
    answer_all(evaluation, {models[0]: range(40), models[1]: range(20)}, failing=[39])
    EvaluationKind().succeed(evaluation.job, tmp_path, {})
    evaluation.refresh_from_db()
    report = evaluation.report
    assert (report["rows"], report["field"]) == (40, "intent")
    assert report["models"]["novel"]["errors"] == report["models"]["steady"]["errors"] == 1
    comparison = report["comparison"]
    assert (comparison["only_candidate"], comparison["both"], comparison["neither"]) == (19, 20, 1)
    assert comparison["verdict"] == "better"
    assert report["slices"]["trade_in"]["rows"] == 10


def test_a_report_of_some_rows_only_is_refused(models):
    evaluation = make_evaluation(*models)
    Scorer(evaluation).save([Outcome(call, DONE) for call in open_calls(evaluation)[:-1]])
    with pytest.raises(Incomplete, match="Only 39 of 40 rows"):
        report_on(evaluation)


def test_the_end_of_the_job_is_news(models):
    evaluation, heard = make_evaluation(*models), []

    def listen(evaluation_id, **_):
        heard.append(evaluation_id)

    evaluation_ended.connect(listen)
    try:
        EvaluationKind().ended(evaluation.job)
    finally:
        evaluation_ended.disconnect(listen)
    assert heard == [evaluation.id]


def test_a_provider_that_cannot_be_called_is_told_before_the_process_starts(tmp_path, models, settings):
    evaluation = make_evaluation(*models)
    models[0].provider.__class__.objects.update(base_url="gopher://x")
    with pytest.raises(JobProblem, match="novel can't be called"):
        EvaluationKind().prepare(evaluation.job, tmp_path, None)
