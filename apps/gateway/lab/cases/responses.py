"""The Responses API (29)."""

import json
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import openai_error
from apps.gateway.lab.checks import Failed, equal, expect
from apps.gateway.lab.trial import Trial

group = Group("Responses API")
case = group.case

OPENING = ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
CLOSING = [
    "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
]  # fmt: skip


@case("responses", 29, "/v1/responses answers with a response object")
async def plain(trial: Trial) -> None:
    answer = await trial.good(trial.response())
    equal((answer.json.get("object"), answer.json.get("status")), ("response", "completed"), "object and status")
    equal(_text(answer.json), trial.words, "the text")


@case("responses-usage", 29, "Its usage counts input and output tokens")
async def usage(trial: Trial) -> None:
    answer = await trial.good(trial.response("good", {"fresh": 20, "cached": 5, "output": 11}))
    counted = answer.json.get("usage") or {}
    equal((counted.get("input_tokens"), counted.get("output_tokens")), (25, 11), "the usage")
    equal((counted.get("input_tokens_details") or {}).get("cached_tokens"), 5, "the cached tokens")


@case("responses-events", 29, "A stream has typed events in their order", "Events are missing, or out of order.")
async def events(trial: Trial) -> None:
    answer = await trial.good(trial.response(stream=True))
    names = [event["type"] for event in answer.data]
    equal(names[:4], OPENING, "the first events")
    equal(names[-4:], CLOSING, "the last events")
    equal([event.event for event in answer.events], names, "the `event:` lines, compared to the types")
    deltas = (event["delta"] for event in answer.data if event["type"] == "response.output_text.delta")
    equal("".join(deltas), trial.words, "the streamed text")
    equal(answer.dones, 0, "the number of [DONE]s, which this API does not have")


@case("responses-sequence", 29, "sequence_number counts from 0 without a gap")
async def sequence(trial: Trial) -> None:
    answer = await trial.good(trial.response(stream=True))
    numbers = [event.get("sequence_number") for event in answer.data]
    equal(numbers, list(range(len(numbers))), "the sequence numbers")


@case("responses-completed", 29, "response.completed carries the whole response")
async def completed(trial: Trial) -> None:
    last = (await trial.good(trial.response(stream=True))).data[-1]
    equal(_text(last.get("response") or {}), trial.words, "its text")
    expect((last["response"].get("usage") or {}).get("output_tokens"), "it has no usage")


@case("responses-previous", 29, "previous_response_id goes to the deployment that gave it", "Any of several gets it.")
async def previous(trial: Trial) -> None:
    first = (await trial.good(trial.response())).json
    await trial.good(trial.response(previous_response_id=first["id"]))
    told = json.loads(trial.seen[-1].asked.body)
    known = told.get("previous_response_id")
    history = trial.words in json.dumps(told, ensure_ascii=False)
    expect(known == first["id"] or history, f"the provider got neither the id nor the conversation: {known!r}")
    equal(trial.seen[-1].asked.path, trial.seen[0].asked.path, "the path at the provider")


@case("responses-translated", 29, "The same API in front of a provider that speaks Anthropic's dialect")
async def translated(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    answer = await trial.good(trial.response(model=model, stream=True))
    equal([event["type"] for event in answer.data][-1:], ["response.completed"], "the last event")
    equal(_text(answer.data[-1]["response"]), trial.words, "the text")


@case("responses-error", 29, "An error before the first event has its real status")
async def error(trial: Trial) -> None:
    openai_error(await trial.ask(trial.response("status", {"code": 400}, stream=True)), 400)


@case("responses-wrong", 29, "A request without input is a 400")
async def wrong(trial: Trial) -> None:
    openai_error(await trial.ask(trial.post("responses", {"model": trial.target.model, "input": 7})), 400, 422)


def _text(response: dict[str, Any]) -> str:
    output = response.get("output")
    if not isinstance(output, list):
        raise Failed("a response without output")
    parts = [part for item in output if item.get("type") == "message" for part in item.get("content") or ()]
    return "".join(part.get("text") or "" for part in parts)
