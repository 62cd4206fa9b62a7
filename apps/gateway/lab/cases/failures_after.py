"""Failures after the first content: told in the client's dialect, never hidden, never answered twice (13, 14)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import ends_with_error, openai_error, whole_chat_stream
from apps.gateway.lab.checks import equal, expect, shortened
from apps.gateway.lab.client import Answer
from apps.gateway.lab.texts import GREETING
from apps.gateway.lab.trial import Options, Trial

group = Group("Failures in the middle")
case = group.case


async def _told_in_chat(trial: Trial, fault: str, options: Options | None = None) -> None:
    answer = await trial.ask(trial.chat(fault, {"after": 3, **(options or {})}, stream=True))
    ends_with_error(answer)
    expect(all(piece in answer.text for piece in GREETING[:2]), "the content before the failure is lost")


@case("mid-error", 13, "The provider's error event ends the stream as an error, without [DONE]", "A silent end.")
async def error_event(trial: Trial) -> None:
    await _told_in_chat(trial, "error-mid")


@case("mid-reset", 13, "A reset between two events is told", "The stream just ends, which looks like success.")
async def reset_between(trial: Trial) -> None:
    await _told_in_chat(trial, "reset", {"at": "event"})


@case("mid-reset-event", 13, "A reset inside an event is told")
async def reset_inside(trial: Trial) -> None:
    await _told_in_chat(trial, "reset", {"at": "middle"})


@case("mid-close", 13, "An orderly close between two events is told")
async def close_between(trial: Trial) -> None:
    await _told_in_chat(trial, "close", {"at": "event"})


@case("mid-error-translated", 13, "An error of Anthropic's dialect is told in OpenAI's")
async def translated(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    ends_with_error(await trial.ask(trial.chat("error-mid", {"after": 4}, stream=True, model=model)))


@case("mid-error-completions", 13, "The same for text completions")
async def completions(trial: Trial) -> None:
    ends_with_error(await trial.ask(trial.completion("error-mid", {"after": 3}, stream=True)))


@case("mid-error-messages", 13, "In Anthropic's dialect it is an `error` event, without message_stop")
async def messages(trial: Trial) -> None:
    _anthropic_failure(await trial.ask(trial.message("error-mid", {"after": 4}, stream=True)))


@case("mid-reset-messages", 13, "A reset too is an `error` event there")
async def messages_reset(trial: Trial) -> None:
    _anthropic_failure(await trial.ask(trial.message("reset", {"at": "event", "after": 4}, stream=True)))


@case("mid-error-responses", 13, "In the Responses API it is response.failed or an `error` event")
async def responses(trial: Trial) -> None:
    _responses_failure(await trial.ask(trial.response("error-mid", {"after": 5}, stream=True)))


@case("mid-reset-responses", 13, "A reset too is told there", "It comes after response.created and nobody is told.")
async def responses_reset(trial: Trial) -> None:
    _responses_failure(await trial.ask(trial.response("reset", {"at": "event", "after": 5}, stream=True)))


@case("fallback-status", 14, "Before the first content, a 500 of the first target goes to the second")
async def fallback(trial: Trial) -> None:
    await _second_answers(trial, "status", {"code": 500})


@case("fallback-first-event", 14, "So does an error as its first event")
async def fallback_from_event(trial: Trial) -> None:
    await _second_answers(trial, "error-first")


@case("fallback-reset", 14, "So does a reset before its first content")
async def fallback_from_reset(trial: Trial) -> None:
    await _second_answers(trial, "reset", {"at": "start"})


@case("no-fallback-after-content", 14, "After the first content nobody begins anew", "Two answers run into one.")
async def no_fallback(trial: Trial) -> None:
    model = trial.told("fallback_model")
    request = trial.chat("reset", {"at": "event", "after": 3, "where": "a"}, stream=True, model=model)
    answer = await trial.ask(request)
    ends_with_error(answer)
    equal(answer.text.count(GREETING[0]), 1, "how often the beginning came")


@case("fallback-all-fail", 14, "When all targets fail, the client is told so")
async def all_fail(trial: Trial) -> None:
    model = trial.told("fallback_model")
    openai_error(await trial.ask(trial.chat("status", {"code": 500}, model=model)), *range(500, 600))


async def _second_answers(trial: Trial, fault: str, options: Options | None = None) -> None:
    model = trial.told("fallback_model")
    answer = await trial.ask(trial.chat(fault, {"where": "a", **(options or {})}, stream=True, model=model))
    expect(answer.status == 200, f"no fallback: {answer}")
    whole_chat_stream(answer, trial.words)
    expect(trial.seen[-1].asked.path.startswith("/b/"), "the answer does not come from the second target")


def _anthropic_failure(answer: Answer) -> None:
    equal(answer.status, 200, "the status of a stream that had begun")
    names = [event.event for event in answer.events]
    expect("error" in names, f"no error event; the last is {names[-1:]}, {answer.problem or 'a proper end'}")
    expect("message_stop" not in names, "message_stop in spite of the failure")
    error = answer.data[names.index("error")].get("error") or {}
    expect({"type", "message"} <= error.keys(), f"an error event without type and message: {shortened(str(error))}")


def _responses_failure(answer: Answer) -> None:
    equal(answer.status, 200, "the status of a stream that had begun")
    names = [event.event for event in answer.events]
    expect({"error", "response.failed"} & set(names), f"no failure told; the last event is {names[-1:]}")
    expect("response.completed" not in names, "response.completed in spite of the failure")
