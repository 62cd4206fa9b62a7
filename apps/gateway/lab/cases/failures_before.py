"""Failures that are known before the first byte of an answer: the right status, in the client's words (11, 12)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import message_of, openai_error, whole_chat_stream
from apps.gateway.lab.checks import equal, expect
from apps.gateway.lab.client import Answer
from apps.gateway.lab.trial import Options, Trial

group = Group("Failures before the answer")
case = group.case

SERVER_ERRORS = range(500, 600)


async def _status_of(trial: Trial, code: int) -> Answer:
    return await trial.ask(trial.chat("status", {"code": code}))


async def _is_provider_failure(trial: Trial, fault: str, options: Options | None = None) -> None:
    """Told as a 5xx, streamed or not."""
    for stream in (False, True):
        answer = await trial.ask(trial.chat(fault, options, stream=stream))
        openai_error(answer, *SERVER_ERRORS)


@case("provider-400", 11, "The provider's 400 stays a 400, in OpenAI's shape")
async def bad_request(trial: Trial) -> None:
    openai_error(await _status_of(trial, 400), 400)


@case("provider-404", 11, "The provider's 404 stays a 404")
async def not_found(trial: Trial) -> None:
    openai_error(await _status_of(trial, 404), 404)


@case("provider-422", 11, "The provider's 422 stays a 422 or becomes a 400")
async def unprocessable(trial: Trial) -> None:
    openai_error(await _status_of(trial, 422), 422, 400)


@case("provider-401", 11, "The provider's 401 is not the caller's: their key is fine", "Clients are told to log in.")
async def provider_unauthorised(trial: Trial) -> None:
    answer = await _status_of(trial, 401)
    openai_error(answer, *SERVER_ERRORS)
    expect("sk-lab" not in answer.text, f"the provider's credential is shown: {answer}")


@case("provider-500", 11, "The provider's 500 is a 5xx, in OpenAI's shape")
async def broken(trial: Trial) -> None:
    openai_error(await _status_of(trial, 500), *SERVER_ERRORS)


@case("provider-503", 11, "The provider's 503 stays a 503, streamed or not")
async def unavailable(trial: Trial) -> None:
    for stream in (False, True):
        openai_error(await trial.ask(trial.chat("status", {"code": 503}, stream=stream)), 503)


@case("provider-529", 11, "Anthropic's 529 becomes a status that clients know")
async def overloaded(trial: Trial) -> None:
    openai_error(await _status_of(trial, 529), 429, 502, 503, 529)


@case("provider-html", 11, "A page of HTML is told as a failure of the provider", "It becomes an empty success.")
async def html(trial: Trial) -> None:
    await _is_provider_failure(trial, "html", {"code": 200})


@case("provider-html-502", 11, "So is one with a status of 502")
async def html_502(trial: Trial) -> None:
    await _is_provider_failure(trial, "html", {"code": 502})


@case("provider-empty", 11, "An empty body is a failure")
async def empty(trial: Trial) -> None:
    await _is_provider_failure(trial, "empty")


@case("provider-truncated", 11, "JSON that was cut off is a failure", "Half of it is passed on with status 200.")
async def truncated(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat("truncated")), *SERVER_ERRORS)


@case("provider-reset", 11, "A connection reset before the answer is a failure")
async def reset(trial: Trial) -> None:
    await _is_provider_failure(trial, "reset", {"at": "head"})


@case("provider-reset-body", 11, "So is one in the middle of a whole answer")
async def reset_in_body(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat("reset", {"at": "middle"})), *SERVER_ERRORS)


@case("provider-closed-body", 11, "And an orderly close before the announced length")
async def closed_in_body(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat("close", {"at": "middle"})), *SERVER_ERRORS)


@case("error-in-200", 12, "An error inside a 200 gets its real status", "It is passed on as a success.")
async def error_in_200(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat("error-in-200", {"code": 429})), 429, *SERVER_ERRORS)


@case("error-in-200-stream", 12, "So does one where a stream was asked for")
async def error_in_200_for_stream(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat("error-in-200", {"code": 429}, stream=True)), 429, *SERVER_ERRORS)


@case("error-first-event", 12, "An error as the first event gets its real status", "200, and an error behind it.")
async def error_first(trial: Trial) -> None:
    answer = await trial.ask(trial.chat("error-first", {"code": 529}, stream=True))
    openai_error(answer, 429, *SERVER_ERRORS)


# A gateway that keeps a retry budget spends it on the failures of the cases beside these: they run alone.
@case("retry-503", 18, "One 503 is tried again before the client hears of it", alone=True)
async def retried(trial: Trial) -> None:
    answer = await trial.good(trial.chat("status", {"code": 503, "times": 1}, stream=True))
    whole_chat_stream(answer, trial.words)
    equal(trial.calls, 2, "the number of calls to the provider")


@case("retry-reset", 18, "So is a connection that was reset before the answer", alone=True)
async def retried_after_reset(trial: Trial) -> None:
    answer = await trial.good(trial.chat("reset", {"at": "head", "times": 1}))
    equal(message_of(answer).get("content"), trial.words, "the text")


@case("retry-not-400", 18, "A 400 is not tried again")
async def not_retried(trial: Trial) -> None:
    openai_error(await _status_of(trial, 400), 400)
    equal(trial.calls, 1, "the number of calls to the provider")


@case("kept-connection", 18, "A kept connection that the provider closed meanwhile costs no request")
async def kept_connection(trial: Trial) -> None:
    for number in range(4):
        answer = await trial.ask(trial.chat("fickle"))
        expect(answer.status == 200, f"request {number + 1} on a connection that had been closed: {answer}")
