"""The process of an evaluation against a provider that speaks HTTP: asked, killed, resumed, given up."""

import signal
from collections import Counter

from apps.evaluation.engine.concluding import report_on
from apps.evaluation.models import Prediction
from tests.functional.evaluation.conftest import PROMPT, knows, number_in, question_in
from tests.helpers.mock_provider import fails, hangs
from tests.helpers.waiting import eventually


def predictions(evaluation):
    return Prediction.objects.filter(evaluation=evaluation)


def test_both_models_are_asked_every_row_as_the_route_would_and_are_told_apart(exam, provider, runner):
    provider.behave("acme-novel", knows(lambda question: number_in(question) % 10 != 0))
    provider.behave("acme-steady", knows(lambda question: number_in(question) % 2 == 0))
    evaluation = exam.evaluation()

    assert runner.run(evaluation) == 0, runner.log

    assert Counter(asked.body["model"] for asked in provider.asked) == {"acme-novel": 60, "acme-steady": 60}
    body = provider.asked[0].body
    assert body["messages"][0] == {"role": "system", "content": PROMPT}
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.0, 99, False)
    report = report_on(evaluation)
    assert report["models"]["novel"]["fields"]["intent"] == 0.9
    assert report["models"]["steady"]["fields"]["intent"] == 0.5
    comparison = report["comparison"]
    assert (comparison["only_candidate"], comparison["only_incumbent"], comparison["verdict"]) == (30, 6, "better")
    assert report["models"]["novel"]["latency_ms"]["p50"] > 0


def test_an_attempt_that_was_killed_is_taken_up_where_it_stopped(exam, provider, runner):
    for model in ("acme-novel", "acme-steady"):
        provider.behave(model, knows(lambda question: True, pause=0.2))
    evaluation = exam.evaluation()
    process = runner.start(evaluation)
    eventually(lambda: predictions(evaluation).count() >= 16, within=30)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    stored = {(each.model.upstream_name, each.example.messages[0]["content"]) for each in predictions(evaluation)}
    assert len(stored) < 120
    asked_before = len(provider.asked)

    assert runner.run(evaluation) == 0, runner.log

    asked_again = [(asked.body["model"], question_in(asked)) for asked in provider.asked[asked_before:]]
    assert len(asked_again) == 120 - len(stored)
    assert stored.isdisjoint(asked_again)
    assert predictions(evaluation).count() == 120
    assert report_on(evaluation)["models"]["novel"]["exact"] == 1.0


def test_told_to_stop_it_keeps_what_was_answered(exam, provider, runner):
    for model in ("acme-novel", "acme-steady"):
        provider.behave(model, knows(lambda question: True, pause=0.2))
    evaluation = exam.evaluation()
    process = runner.start(evaluation)
    eventually(lambda: len(provider.asked) >= 12, within=30)
    process.terminate()
    assert process.wait(timeout=20) != 0
    asked = len(provider.asked)
    assert 12 <= asked < 120
    assert predictions(evaluation).count() == asked


def test_a_provider_that_refuses_everything_is_given_up_with_what_it_said(exam, provider, runner):
    for model in ("acme-novel", "acme-steady"):
        provider.behave(model, fails(401, {"error": {"message": "Your account is closed."}}))
    evaluation = exam.evaluation()
    assert runner.run(evaluation) != 0
    assert "Given up: 20 calls in a row failed." in runner.events
    assert "acme refused with 401" in runner.events
    assert "sk-acme" not in runner.events + runner.log
    assert len(provider.asked) < 40

    provider.behave("acme-novel", knows(lambda question: True))
    provider.behave("acme-steady", knows(lambda question: True))
    assert runner.run(evaluation) == 0, runner.log
    assert not predictions(evaluation).exclude(error="").exists()


def test_single_rows_that_fail_count_as_wrong_and_keep_what_was_said(exam, provider, runner):
    good, bad = knows(lambda question: True), fails(400, {"error": {"message": "Too long a question."}})

    async def behaviour(asked, writer):
        await (bad if number_in(question_in(asked)) % 6 == 0 else good)(asked, writer)

    provider.behave("acme-novel", behaviour)
    provider.behave("acme-steady", good)
    evaluation = exam.evaluation()

    assert runner.run(evaluation) == 0, runner.log

    failed = predictions(evaluation).exclude(error="")
    assert {each.position for each in failed} == set(range(0, 60, 6))
    assert all("Too long a question." in each.error and each.correct is False for each in failed)
    report = report_on(evaluation)
    assert (report["models"]["novel"]["errors"], report["comparison"]["verdict"]) == (10, "worse")


def test_the_process_goes_when_its_supervisor_is_gone(exam, provider, runner):
    for model in ("acme-novel", "acme-steady"):
        provider.behave(model, hangs())
    process = runner.start(exam.evaluation())
    eventually(lambda: provider.asked, within=30)
    process.stdin.close()
    eventually(lambda: process.poll() is not None)
